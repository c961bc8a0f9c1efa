#include <gtest/gtest.h>

#include <set>

#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/rpc/audit_service.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class AuditServiceTest : public AuditServerTest {
 protected:
  static std::vector<uint64_t> Sequences(const v1::ListEventsResponse& reply) {
    std::vector<uint64_t> sequences;
    for (const v1::Event& event : reply.events()) sequences.push_back(event.sequence());
    return sequences;
  }
  std::vector<uint64_t> ListWith(TenantId tenant, const v1::EventFilter& filter) {
    v1::ListEventsRequest request;
    *request.mutable_filter() = filter;
    const auto reply = List(tenant, request);
    EXPECT_OK(reply);
    return reply.ok() ? Sequences(*reply) : std::vector<uint64_t>();
  }
};

TEST_F(AuditServiceTest, ListsNewestFirstWithPersonalValues) {
  Log(Repeat(a_, 3));
  ASSERT_OK_AND_ASSIGN(const v1::ListEventsResponse reply, List(a_, {}));
  EXPECT_EQ(Sequences(reply), (std::vector<uint64_t>{2, 1, 0}));
  const outbox::v1::AuditEvent& event = reply.events(0).event();
  EXPECT_EQ(event.action(), "secret.create");
  EXPECT_EQ(event.service(), "vault");
  EXPECT_EQ(event.actor().display(), "Ada Lovelace");
  EXPECT_EQ(event.source_address(), "192.0.2.1");
}

TEST_F(AuditServiceTest, ReadingTheTrailIsAnEvent) {
  Log(Repeat(a_, 1));
  ASSERT_OK(List(a_, {}));
  EXPECT_EQ(Waiting("audit.list"), "1");
  ASSERT_OK(Export(a_));
  EXPECT_EQ(Waiting("audit.export"), "1");
  ASSERT_OK(As(a_, &v1::AuditService::Stub::GetEvent, v1::GetEventRequest()));
  EXPECT_EQ(Waiting("audit.get"), "1");
}

TEST_F(AuditServiceTest, AnotherTenantsTrailIsNotSeen) {
  Log(Repeat(a_, 3));
  EXPECT_TRUE(ListWith(b_, {}).empty());
  EXPECT_THAT(As(b_, &v1::AuditService::Stub::GetEvent, v1::GetEventRequest()),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(b_));
  const merkle::ExportVerdict verdict = Verify(b_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 0u);
}

// The statements' own tenant condition removed: row-level security alone.
TEST_F(AuditServiceTest, RowLevelSecurityAloneHidesAnotherTenant) {
  Log(Repeat(a_, 3));
  static constexpr postgres::Statement kAll = {
      "test.everything",
      "SELECT (SELECT count(*) FROM audit.event) + (SELECT count(*) FROM audit.leaf) + "
      "(SELECT count(*) FROM audit.tile) + (SELECT count(*) FROM audit.log_head)"};
  const auto count = [&](TenantId tenant) {
    return database_->WithTenant(Call(tenant), [&](postgres::Transaction& tx) {
      return tx.RunForOne(kAll, "row",
                          [](const postgres::Row& row) { return row.Get<int64_t>(0); });
    });
  };
  ASSERT_OK_AND_ASSIGN(const int64_t of_a, count(a_));
  ASSERT_OK_AND_ASSIGN(const int64_t of_b, count(b_));
  EXPECT_EQ(of_a, 7);
  EXPECT_EQ(of_b, 0);
}

TEST_F(AuditServiceTest, LargeEventsMakeSmallerPagesAndChunks) {
  outbox::v1::AuditEvent large = Event();
  (*large.mutable_attributes())["note"] = std::string(1'000'000, 'x');
  // More than a page of 4 MiB; few, since the thread sanitizer takes seconds for each.
  constexpr int kEvents = 6;
  Log(Events(kEvents, {a_, large}));
  std::set<uint64_t> seen;
  int pages = 0;
  v1::ListEventsRequest request;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListEventsResponse reply, List(a_, request));
    for (const uint64_t sequence : Sequences(reply)) EXPECT_TRUE(seen.insert(sequence).second);
    request.set_page_token(reply.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen.size(), static_cast<size_t>(kEvents));
  EXPECT_EQ(pages, 2);
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  EXPECT_TRUE(Verify(a_, file).ok());
}

TEST_F(AuditServiceTest, PagesThatCannotBeAreRefused) {
  v1::ListEventsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(List(a_, request), ReasonIs("INVALID_FIELDS"));
  request.set_page_size(1);
  for (const char* token : {"x", "YmVsb3cgLTE", "!!", "YWJvdmUgMw"}) {
    request.set_page_token(token);
    EXPECT_THAT(List(a_, request), ReasonIs("INVALID_FIELDS")) << token;
  }
}

TEST_F(AuditServiceTest, AnEventComesWithAProofThatHolds) {
  Log(Repeat(a_, 300));
  v1::GetEventRequest request;
  request.set_sequence(123);
  ASSERT_OK_AND_ASSIGN(const v1::GetEventResponse reply,
                       As(a_, &v1::AuditService::Stub::GetEvent, request));
  EXPECT_EQ(reply.event().sequence(), 123u);
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  EXPECT_NE(file.find(reply.export_line()), std::string::npos);
  EXPECT_EQ(reply.checkpoint(), Checkpoint(a_).checkpoint());
  request.set_sequence(300);
  EXPECT_THAT(As(a_, &v1::AuditService::Stub::GetEvent, request), ReasonIs("NOT_FOUND"));
}

TEST_F(AuditServiceTest, ConsistencyProofsHoldBetweenCheckpoints) {
  std::vector<merkle::Checkpoint> heads;
  for (const int count : {1, 6, 249, 1, 300, 7}) {
    Log(Repeat(a_, count));
    const v1::GetCheckpointResponse reply = Checkpoint(a_);
    ASSERT_OK_AND_ASSIGN(const auto key, merkle::VerifierKey::Parse(reply.verifier_key()));
    ASSERT_OK_AND_ASSIGN(const auto head, merkle::OpenCheckpoint(reply.checkpoint(), key));
    EXPECT_EQ(head.size, reply.size());
    heads.push_back(head);
  }
  for (const merkle::Checkpoint& newer : heads) {
    for (const merkle::Checkpoint& older : heads) {
      if (older.size > newer.size) continue;
      v1::GetConsistencyProofRequest request;
      request.set_old_size(older.size);
      request.set_new_size(newer.size);
      ASSERT_OK_AND_ASSIGN(const auto reply,
                           As(a_, &v1::AuditService::Stub::GetConsistencyProof, request));
      std::vector<merkle::Hash> proof;
      for (const std::string& hash : reply.hashes()) {
        proof.push_back(merkle::ParseHash(hash).value());
      }
      EXPECT_TRUE(merkle::VerifyConsistency(older.size, newer.size, older.root, newer.root, proof))
          << older.size << " in " << newer.size;
    }
  }
}

TEST_F(AuditServiceTest, ConsistencyOfSizesThatCannotBeIsRefused) {
  Log(Repeat(a_, 3));
  for (const auto& [old_size, new_size] :
       std::vector<std::pair<uint64_t, uint64_t>>{{0, 3}, {3, 2}, {2, 4}, {1, UINT64_MAX}}) {
    v1::GetConsistencyProofRequest request;
    request.set_old_size(old_size);
    request.set_new_size(new_size);
    EXPECT_THAT(As(a_, &v1::AuditService::Stub::GetConsistencyProof, request),
                ReasonIs("INVALID_FIELDS"));
  }
}

TEST_F(AuditServiceTest, ASuspendedTenantIsRefused) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(List(a_, {}), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Export(a_), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(As(a_, &v1::AuditService::Stub::CountEvents, v1::CountEventsRequest()),
              ReasonIs("TENANT_SUSPENDED"));
}

}  // namespace
}  // namespace kasbah::audit
