// What everything that reads a log makes of one whose beginning was pruned, with events of it held.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/audit/log/self_check.h"
#include "services/audit/rpc/retention_fixture.h"
#include "services/audit/sinks/batch_reader.h"
#include "services/audit/store/count_store.h"
#include "services/audit/store/sink_store.h"

namespace kasbah::audit {
namespace {

using ::testing::HasSubstr;
using testing::ReasonIs;

class PrunedLogTest : public RetentionTestBase {
 protected:
  // 300 old events, of which usr_held's 7 and 40 are held, and 3 new ones.
  void Prune() {
    Events events = Repeat(a_, 300);
    for (const size_t held : {7, 40}) events[held].second = Event("secret.read", "usr_held");
    Log(events, LongAgo());
    Sign(a_);
    ASSERT_OK(HoldActor(a_, "usr_held"));
    Log(Repeat(a_, 3));
    Sign(a_);
    ASSERT_OK(RunWorker());
    ASSERT_EQ(FirstSequence(a_), "300");
    ASSERT_EQ(Count("event", a_), "5");
  }
  std::string DamageAfterARound() {
    test_->Execute("UPDATE audit.self_check SET due_at = '-infinity'");
    SelfCheck check({}, *database_, *door_, outbox_, *system_log_, *key_, Clock::Real());
    for (uint64_t rows = 1; rows > 0;) {
      const auto step = check.Step();
      EXPECT_OK(step);
      rows = step.value_or(0);
    }
    return test_->QueryValue(
        "SELECT coalesce(string_agg(kind || ' ' || place, '; ' ORDER BY kind, place), '') "
        "FROM audit.damage");
  }
  absl::Status Tail(uint64_t from, const std::string& action, std::vector<uint64_t>* sequences) {
    const auto stub = v1::AuditService::NewStub(ChannelOf("operator/grace"));
    grpc::ClientContext context;
    rpc::Propagate(Call(a_), &context);
    v1::TailEventsRequest request;
    request.set_from_sequence(from);
    if (!action.empty()) request.mutable_filter()->add_actions(action);
    const auto reader = stub->TailEvents(&context, request);
    v1::TailEventsResponse message;
    while (message.next_sequence() < 303 && reader->Read(&message)) {
      for (const v1::Event& event : message.events()) sequences->push_back(event.sequence());
    }
    if (message.next_sequence() >= 303) context.TryCancel();
    return rpc::FromGrpcStatus(reader->Finish());
  }
  std::vector<uint64_t> FoundBy(const std::string& actor) {
    v1::ListEventsRequest request;
    request.mutable_filter()->add_actor_ids(actor);
    const auto reply = List(a_, request);
    EXPECT_OK(reply);
    std::vector<uint64_t> sequences;
    if (!reply.ok()) return sequences;
    for (const v1::Event& event : reply->events()) sequences.push_back(event.sequence());
    return sequences;
  }
  v1::Sink Target() {
    v1::Sink target;
    target.mutable_http()->set_url("https://siem.example.com/in");
    return target;
  }
  SinkId AddSink() {
    Sink sink;
    sink.create_time = absl::Now();
    sink.id = SinkId::New(sink.create_time);
    sink.settings = {sink.id.ToString(), {}, Target()};
    EXPECT_OK(database_->WithTenantUnaudited(
        Call(a_), postgres::UnauditedToken::ForBookkeeping(),
        [&](postgres::Transaction& tx) { return sink_store::Insert(tx, a_, sink, true); }));
    return sink.id;
  }
  Sink GetSink(SinkId id) {
    const auto sink = database_->WithTenant(
        Call(a_), [&](postgres::Transaction& tx) { return sink_store::Get(tx, a_, id); });
    EXPECT_OK(sink);
    return sink.value_or(Sink());
  }
};

TEST_F(PrunedLogTest, TheSelfCheckFindsNoDamageInWhatWasPrunedHeldOrRedacted) {
  Prune();
  v1::RedactEventsRequest request;
  request.add_sequences(301);
  request.set_reason("request 7");
  ASSERT_OK(As(a_, &v1::RedactionService::Stub::RedactEvents, request));
  EXPECT_EQ(DamageAfterARound(), "");
  Log(Repeat(a_, 700));
  EXPECT_EQ(DamageAfterARound(), "");
  Tamper(a_, "DELETE FROM audit.event WHERE tenant_id = $ AND seq = 302");
  EXPECT_EQ(DamageAfterARound(), "EVENT_MISSING event 302");
}

TEST_F(PrunedLogTest, HeldEventsAreFoundByAnyFilter) {
  Prune();
  EXPECT_EQ(FoundBy("usr_held"), (std::vector<uint64_t>{40, 7}));
}

TEST_F(PrunedLogTest, ATailIsToldThatItsPlaceWasPrunedAndWhereTheLogBegins) {
  Prune();
  for (const std::string action : {"", "secret.create"}) {
    std::vector<uint64_t> sequences;
    const absl::Status status = Tail(5, action, &sequences);
    EXPECT_THAT(status, ReasonIs("LOG_PRUNED"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("begins with event 300"));
    EXPECT_TRUE(sequences.empty());
  }
  std::vector<uint64_t> sequences;
  Tail(300, "", &sequences).IgnoreError();
  EXPECT_EQ(sequences, (std::vector<uint64_t>{300, 301, 302}));
}

TEST_F(PrunedLogTest, CountsStayWhatTheyWere) {
  const auto advance = [&] {
    ASSERT_OK(door_->Run(absl::Now() + absl::Seconds(20), [&](postgres::Transaction& tx) {
      return count_store::Advance(tx, {a_}, 100'000);
    }));
  };
  const auto total = [&] {
    v1::CountEventsRequest request;
    request.set_first_day(absl::FormatTime("%Y-%m-%d", LongAgo(), absl::UTCTimeZone()));
    request.set_last_day(request.first_day());
    const auto reply = As(a_, &v1::AuditService::Stub::CountEvents, request);
    EXPECT_OK(reply);
    uint64_t events = 0;
    if (reply.ok()) {
      for (const auto& count : reply->counts()) events += count.events();
    }
    return events;
  };
  LogOld(a_, 300);
  advance();
  EXPECT_EQ(total(), 300u);
  ASSERT_OK(RunWorker());
  EXPECT_EQ(total(), 300u);
  advance();
  EXPECT_EQ(total(), 300u);
}

TEST_F(PrunedLogTest, ASinkThatWasOvertakenIsToldAndGoesOnWhereTheLogBegins) {
  const SinkId overtaken = AddSink();
  Prune();
  BatchReader reader(*database_, *checkpointer_, *key_);
  EXPECT_THAT(reader.Read(Call(a_), GetSink(overtaken), std::nullopt), ReasonIs("LOG_PRUNED"));
  const auto pass = [&] {
    return database_->WithTenantUnaudited(
        Call(a_), postgres::UnauditedToken::ForBookkeeping(),
        [&](postgres::Transaction& tx) { return sink_store::PassPruned(tx, a_, overtaken); });
  };
  // Nothing is passed that nobody was told of.
  ASSERT_OK_AND_ASSIGN(auto passed, pass());
  EXPECT_FALSE(passed.has_value());
  Tamper(a_, "UPDATE audit.sink_cursor SET last_error = 'LOG_PRUNED' WHERE tenant_id = $");
  ASSERT_OK_AND_ASSIGN(passed, pass());
  ASSERT_TRUE(passed.has_value());
  EXPECT_EQ(passed->first, 0u);
  EXPECT_EQ(passed->past, 300u);
  ASSERT_OK_AND_ASSIGN(const SinkBatch batch,
                       reader.Read(Call(a_), GetSink(overtaken), std::nullopt));
  EXPECT_EQ(batch.events.size(), 3u);
}

TEST_F(PrunedLogTest, ASinkFromTheBeginningBeginsWhereTheLogDoes) {
  Prune();
  EXPECT_EQ(GetSink(AddSink()).next, 300u);
}

TEST_F(PrunedLogTest, ProofsOfWhatLeftNameItsBundle) {
  Prune();
  v1::GetEventProofRequest request;
  request.set_sequence(3);
  EXPECT_THAT(As(a_, &v1::ProofService::Stub::GetEventProof, request), ReasonIs("EVENT_ARCHIVED"));
  request.set_sequence(40);
  EXPECT_OK(As(a_, &v1::ProofService::Stub::GetEventProof, request));
  // As if the tile's parent were full.
  Tamper(a_, "DELETE FROM audit.tile WHERE tenant_id = $ AND level = 0 AND n = 0");
  v1::GetConsistencyProofRequest consistency;
  consistency.set_old_size(10);
  consistency.set_new_size(303);
  EXPECT_THAT(As(a_, &v1::AuditService::Stub::GetConsistencyProof, consistency),
              ReasonIs("LOG_PRUNED"));
}

TEST_F(PrunedLogTest, AnExportByTimeIsGaplessFromTheLogsBeginning) {
  Prune();
  v1::EventFilter filter;
  filter.mutable_end_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_, filter));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 5u);
  EXPECT_EQ(verdict.summary.first, 7u);
  EXPECT_THAT(verdict.summary.filter, HasSubstr("{\"first_sequence\":300,"));
}

TEST_F(PrunedLogTest, ABundleAndTheLogBehindItAreOneTrail) {
  Prune();
  const auto key = *merkle::VerifierKey::Parse(Checkpoint(a_).verifier_key());
  ASSERT_OK_AND_ASSIGN(const std::string bundle,
                       Download(a_, Archives(a_)[0].name(), v1::ARCHIVE_PART_EVENTS));
  ASSERT_OK_AND_ASSIGN(const std::string rest, Export(a_));
  merkle::TrailVerifier trail(key, {});
  for (const std::string& file : {bundle, rest}) {
    std::istringstream stream(file);
    const merkle::ExportVerdict verdict = trail.Add(stream);
    ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  }
  EXPECT_EQ(trail.Finish(), std::nullopt);
}

TEST_F(PrunedLogTest, PartitionsAheadDoNotBringBackAMonth) {
  Prune();
  static constexpr postgres::Statement kExtend = {"test.extend", "SELECT audit.extend_partitions()",
                                                  postgres::Access::kWrite};
  ASSERT_OK(door_->Run(absl::Now() + absl::Seconds(20), [](postgres::Transaction& tx) {
    tx.Run(kExtend);
    return absl::OkStatus();
  }));
  EXPECT_EQ(HasPartition(LongAgo()), "f");
  EXPECT_EQ(HasPartition(absl::Now() + 370 * absl::Hours(24)), "t");
}

}  // namespace
}  // namespace kasbah::audit
