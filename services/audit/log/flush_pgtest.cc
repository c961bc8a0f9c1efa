#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "libs/crypto/encoding.h"
#include "libs/merkle/tree.h"
#include "services/audit/log/audit_fixture.h"
#include "services/audit/log/flush.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class FlushTest : public AuditTest {
 protected:
  // The root of the leaves that are stored, hashed here.
  std::string RootOfStoredLeaves(TenantId tenant) {
    merkle::Frontier frontier;
    const absl::Status read =
        door_->Run(absl::Now() + absl::Seconds(20), [&](postgres::Transaction& tx) -> absl::Status {
          static constexpr postgres::Statement kLeaves = {
              "test.leaves", "SELECT leaf FROM audit.leaf WHERE tenant_id = $1 ORDER BY seq"};
          auto rows = tx.Run(kLeaves, tenant).Await();
          if (!rows.ok()) return rows.status();
          for (const postgres::Row row : *rows) {
            frontier.Append(merkle::LeafHash(row.Get<std::string>(0)));
          }
          return absl::OkStatus();
        });
    EXPECT_OK(read);
    const merkle::Hash root = frontier.Root();
    return crypto::Hex(merkle::View(root));
  }
  std::string StoredRoot(TenantId tenant) {
    return test_->QueryValue(
        StrCat("SELECT encode(root, 'hex') FROM audit.log_head "
               "WHERE tenant_id = '",
               tenant.uuid().ToString(), "'"));
  }
  std::string Sequences(TenantId tenant) {
    return test_->QueryValue(
        StrCat("SELECT count(*) || ' ' || count(DISTINCT seq) || ' ' || min(seq) || '-' || "
               "max(seq) FROM audit.event WHERE tenant_id = '",
               tenant.uuid().ToString(), "'"));
  }
};

TEST_F(FlushTest, CommittedRootIsThatOfTheStoredLeaves) {
  Log(Repeat(a_, 3));
  Log({{b_, Event()}, {a_, Event()}, {b_, Event()}});
  EXPECT_EQ(StoredRoot(a_), RootOfStoredLeaves(a_));
  EXPECT_EQ(StoredRoot(b_), RootOfStoredLeaves(b_));
  EXPECT_EQ(Sequences(a_), "4 4 0-3");
  EXPECT_EQ(Sequences(b_), "2 2 0-1");
}

TEST_F(FlushTest, FullTilesAreStoredAndPartialOnesAreNot) {
  Log(Repeat(a_, 255));
  EXPECT_EQ(Count("tile", a_), "0");
  Log(Repeat(a_, 2));
  EXPECT_EQ(Count("tile", a_), "1");
  Log(Repeat(a_, 600));
  EXPECT_EQ(Count("tile", a_), "3");
  EXPECT_EQ(StoredRoot(a_), RootOfStoredLeaves(a_));
}

TEST_F(FlushTest, TheSameBatchTwiceIsLoggedOnce) {
  const auto request = Request(1, Repeat(a_, 5));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(request)}));
    EXPECT_OK(report.outcomes[0].status);
    EXPECT_EQ(report.outcomes[0].last_batch, 1u);
  }
  EXPECT_EQ(Count("event", a_), "5");
}

TEST_F(FlushTest, TheSameBatchTwiceInOneFlushIsLoggedOnce) {
  const auto request = Request(1, Repeat(a_, 5));
  ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(request), Prepared(request)}));
  EXPECT_OK(report.outcomes[0].status);
  EXPECT_OK(report.outcomes[1].status);
  EXPECT_EQ(Count("event", a_), "5");
}

TEST_F(FlushTest, AGapIsRefusedAndOthersInTheFlushGoOn) {
  ASSERT_OK_AND_ASSIGN(const FlushReport report,
                       Flush({Prepared(Request(2, Repeat(a_, 1))),
                              Prepared(Request(1, Repeat(b_, 1)), "service/auth")}));
  EXPECT_THAT(report.outcomes[0].status, ReasonIs("BATCH_GAP"));
  EXPECT_OK(report.outcomes[1].status);
  EXPECT_EQ(Count("event", a_), "0");
  EXPECT_EQ(Count("event", b_), "1");
}

TEST_F(FlushTest, OtherEntriesUnderTheSameNumberAreRefused) {
  Log(Repeat(a_, 1));
  ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(Request(1, Repeat(a_, 2)))}));
  EXPECT_THAT(report.outcomes[0].status, ReasonIs("BATCH_DIGEST_MISMATCH"));
  EXPECT_EQ(Count("event", a_), "1");
}

TEST_F(FlushTest, ADigestThatIsNotTheEntriesIsRefused) {
  auto request = Request(1, Repeat(a_, 1));
  request.mutable_entries(0)->mutable_payload()->append("\x7a\x01x");
  EXPECT_FALSE(PrepareBatch(request, "service/vault").ok());
}

TEST_F(FlushTest, AnEntryThatCannotBeLoggedStandsInQuarantine) {
  auto request = Request(1, Repeat(a_, 2));
  request.mutable_entries(0)->set_payload("no event");
  request.set_digest(outbox::Relay::Digest(request.entries()));
  ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(request)}));
  EXPECT_EQ(report.outcomes[0].quarantined, std::vector<uint64_t>{request.entries(0).id()});
  EXPECT_EQ(Count("event", a_), "1");
  EXPECT_EQ(test_->QueryValue("SELECT convert_from(payload, 'UTF8') FROM audit.quarantine"),
            "no event");
}

TEST_F(FlushTest, ATenantWithNothingButQuarantineHasNoLog) {
  auto request = Request(1, Repeat(a_, 1));
  request.mutable_entries(0)->set_payload("not an event");
  request.set_digest(outbox::Relay::Digest(request.entries()));
  ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(request)}));
  EXPECT_EQ(report.quarantined, 1u);
  EXPECT_EQ(Count("log_head", a_), "0");
}

TEST_F(FlushTest, FlushesOfTwoReplicasOverTheSameTenantsLeaveNoGap) {
  std::vector<TenantId> tenants = {a_, b_};
  for (int i = 0; i < 6; ++i) tenants.push_back(test_->CreateTenant(StrCat("more", i)));
  constexpr uint64_t kBatches = 12;
  std::atomic<int> failures = 0;
  const auto run = [&](const std::string& source, bool backwards) {
    for (uint64_t number = 1; number <= kBatches; ++number) {
      Events events;
      for (size_t i = 0; i < tenants.size(); ++i) {
        events.push_back({tenants[backwards ? tenants.size() - 1 - i : i], Event()});
      }
      const auto report = Flush({Prepared(Request(number, events), source)});
      if (!report.ok() || !report->outcomes[0].status.ok()) ++failures;
    }
  };
  std::thread one(run, "service/vault", false);
  std::thread two(run, "service/auth", true);
  one.join();
  two.join();
  EXPECT_EQ(failures, 0);
  for (const TenantId tenant : tenants) {
    EXPECT_EQ(Sequences(tenant), StrCat(2 * kBatches, " ", 2 * kBatches, " 0-", 2 * kBatches - 1));
    EXPECT_EQ(StoredRoot(tenant), RootOfStoredLeaves(tenant));
  }
}

TEST_F(FlushTest, AHeadThatSomebodyChangedTakesNoEventsAndHoldsUpNobody) {
  Log({{a_, Event()}, {b_, Event()}});
  Tamper(a_, "UPDATE audit.log_head SET root = sha256('x') WHERE tenant_id = $");
  ASSERT_OK_AND_ASSIGN(const FlushReport report,
                       Flush({Prepared(Request(2, {{a_, Event()}, {b_, Event()}}))}));
  EXPECT_OK(report.outcomes[0].status);
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_EQ(Count("event", a_), "1");
  EXPECT_EQ(Count("quarantine", a_), "1");
  EXPECT_EQ(Count("event", b_), "2");
}

TEST_F(FlushTest, ALeafThatSomebodyChangedIsNoticedWhenItsTileFills) {
  Log(Repeat(a_, 200));
  Tamper(a_, "UPDATE audit.leaf SET leaf = 'x' WHERE tenant_id = $ AND seq = 7");
  ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(Request(2, Repeat(a_, 100)))}));
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_EQ(Count("tile", a_), "0");
  EXPECT_EQ(Count("event", a_), "300");
}

TEST_F(FlushTest, RecordedTimesNeverDecreaseWhenClocksDo) {
  const absl::Time now = absl::Now();
  Log(Repeat(a_, 1), now);
  Log(Repeat(a_, 1), now - absl::Hours(1));
  EXPECT_EQ(test_->QueryValue("SELECT bool_and(recorded_at >= before) FROM (SELECT recorded_at, "
                              "lag(recorded_at, 1, '-infinity') OVER (ORDER BY seq) AS before "
                              "FROM audit.event) t"),
            "t");
}

TEST_F(FlushTest, TheFlusherAnswersWhenItIsCommitted) {
  std::vector<TenantId> grown;
  Flusher flusher({}, *door_, Clock::Real(),
                  [&](const std::vector<TenantId>& tenants) { grown = tenants; });
  ASSERT_OK_AND_ASSIGN(
      const FlushReport::Outcome outcome,
      flusher.Apply(Prepared(Request(1, Repeat(a_, 3))), absl::Now() + absl::Seconds(20)));
  EXPECT_EQ(outcome.last_batch, 1u);
  EXPECT_EQ(Count("event", a_), "3");
}

TEST_F(FlushTest, TheFlusherGathersBatchesOfSeveralProducers) {
  Flusher flusher({.interval = absl::Seconds(5), .events = 4}, *door_, Clock::Real(),
                  [](const std::vector<TenantId>&) {});
  const auto apply = [&](const std::string& source) {
    EXPECT_OK(flusher.Apply(Prepared(Request(1, Repeat(a_, 2)), source),
                            absl::Now() + absl::Seconds(20)));
  };
  std::thread one(apply, "service/vault");
  std::thread two(apply, "service/auth");
  one.join();
  two.join();
  EXPECT_EQ(test_->QueryValue("SELECT count(DISTINCT xmin::text) FROM audit.event"), "1");
}

TEST_F(FlushTest, ABatchThatTakesTooLongIsOpenAndMayBeSentAgain) {
  Flusher flusher({.interval = absl::Milliseconds(300)}, *door_, Clock::Real(),
                  [](const std::vector<TenantId>&) {});
  const auto batch = Prepared(Request(1, Repeat(a_, 2)));
  EXPECT_EQ(flusher.Apply(batch, absl::Now() + absl::Milliseconds(1)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_OK(flusher.Apply(batch, absl::Now() + absl::Seconds(20)));
  EXPECT_EQ(Count("event", a_), "2");
}

}  // namespace
}  // namespace kasbah::audit
