#include <gtest/gtest.h>

#include "services/audit/rpc/audit_server_fixture.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class ExportTest : public AuditServerTest {
 protected:
  // What an export of tenant a says after somebody with every right changed its rows.
  std::string FaultAfter(const std::string& sql) {
    Tamper(a_, sql);
    const absl::StatusOr<std::string> file = Export(a_);
    if (!file.ok()) return ReasonOf(file.status());
    const merkle::ExportVerdict verdict = Verify(a_, *file);
    return verdict.ok() ? "" : verdict.fault->ToString();
  }
};

TEST_F(ExportTest, AWholeLogOfSeveralPagesAndTilesVerifiesOffline) {
  Log(Repeat(a_, 700));
  Log({{b_, Event()}});
  Log(Repeat(a_, 600));
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 1300u);
  EXPECT_EQ(verdict.summary.checkpoint.size, 1300u);
}

TEST_F(ExportTest, AFilteredExportVerifiesOffline) {
  Log(Repeat(a_, 300));
  Log({{a_, Event("record.update")}, {a_, Event()}, {a_, Event("record.delete")}});
  v1::EventFilter filter;
  filter.add_actions("record.");
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_, filter));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 2u);
  EXPECT_EQ(verdict.summary.filter, R"({"actions":["record."]})");
}

TEST_F(ExportTest, AnotherTenantsKeyDoesNotOpenIt) {
  Log(Repeat(a_, 2));
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(b_, file);
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->line, 1u);
}

TEST_F(ExportTest, AFlippedByteIsNamedByItsLine) {
  Log(Repeat(a_, 4));
  ASSERT_OK_AND_ASSIGN(std::string file, Export(a_));
  const size_t at = file.find("secret.create", file.find("{\"seq\":2,"));
  file[at] = 'S';
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(),
            "line 4 (event 2): the event is not the one that was logged");
}

TEST_F(ExportTest, AnEventThatSomebodyChangedIsFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("UPDATE audit.event SET body = replace(convert_from(body, 'UTF8'), "
                       "'create', 'delete')::bytea WHERE tenant_id = $ AND seq = 2"),
            "line 4 (event 2): the event is not the one that was logged");
}

TEST_F(ExportTest, AnEventThatSomebodyRemovedIsFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("DELETE FROM audit.event WHERE tenant_id = $ AND seq = 2"), "LOG_DAMAGED");
}

TEST_F(ExportTest, ALastEventThatSomebodyRemovedIsFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("DELETE FROM audit.event WHERE tenant_id = $ AND seq = 4"), "LOG_DAMAGED");
}

TEST_F(ExportTest, ALeafThatSomebodyChangedIsFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("UPDATE audit.leaf SET leaf = set_byte(leaf, 60, get_byte(leaf, 60) # 1) "
                       "WHERE tenant_id = $ AND seq = 0"),
            "line 2 (event 0): leaf and proof do not lead to the checkpoint's root");
}

TEST_F(ExportTest, ALeafThatSomebodyRemovedIsFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("DELETE FROM audit.leaf WHERE tenant_id = $ AND seq = 3"), "LOG_DAMAGED");
}

TEST_F(ExportTest, AnEventAndLeafMadeToFitEachOtherAreFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("UPDATE audit.event SET body = replace(convert_from(body, 'UTF8'), "
                       "'create', 'delete')::bytea WHERE tenant_id = $ AND seq = 2; "
                       "UPDATE audit.leaf SET leaf = overlay(leaf PLACING (SELECT sha256(body) "
                       "FROM audit.event WHERE tenant_id = $ AND seq = 2) FROM 51) "
                       "WHERE tenant_id = $ AND seq = 2"),
            "line 2 (event 0): leaf and proof do not lead to the checkpoint's root");
}

TEST_F(ExportTest, ATileThatSomebodyChangedIsFound) {
  Log(Repeat(a_, 300));
  EXPECT_EQ(FaultAfter("UPDATE audit.tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)"
                       " WHERE tenant_id = $"),
            "line 3 (event 1): leaf and proof do not lead to the checkpoint's root");
}

TEST_F(ExportTest, ATileThatSomebodyRemovedIsFound) {
  Log(Repeat(a_, 300));
  EXPECT_EQ(FaultAfter("DELETE FROM audit.tile WHERE tenant_id = $"), "LOG_DAMAGED");
}

TEST_F(ExportTest, AHeadThatSomebodyChangedIsFound) {
  Log(Repeat(a_, 5));
  EXPECT_EQ(FaultAfter("UPDATE audit.log_head SET root = sha256('x') WHERE tenant_id = $"),
            "line 2 (event 0): leaf and proof do not lead to the checkpoint's root");
}

TEST_F(ExportTest, ALogCutShortIsRefusedAgainstItsCheckpoint) {
  Log(Repeat(a_, 2));
  test_->Execute("CREATE TABLE public.kept AS SELECT * FROM audit.log_head");
  Log(Repeat(a_, 2));
  const uint64_t known = Checkpoint(a_).size();
  EXPECT_EQ(FaultAfter("UPDATE audit.log_head h SET size = k.size, root = k.root, frontier = "
                       "k.frontier FROM public.kept k WHERE h.tenant_id = $"),
            "LOG_DAMAGED");
  // Somebody who removes the kept checkpoint too cannot serve those who kept one themselves.
  Tamper(a_, "DELETE FROM audit.checkpoint WHERE tenant_id = $");
  v1::GetConsistencyProofRequest request;
  request.set_old_size(known);
  request.set_new_size(Checkpoint(a_).size());
  EXPECT_THAT(As(a_, &v1::AuditService::Stub::GetConsistencyProof, request),
              ReasonIs("INVALID_FIELDS"));
}

TEST_F(ExportTest, ALogRewrittenWholeIsInconsistentWithAnEarlierCheckpoint) {
  Log(Repeat(a_, 3));
  const v1::GetCheckpointResponse before = Checkpoint(a_);
  // Everything of the tenant replaced by another history, which is whole in itself.
  for (const char* table : {"event", "leaf", "tile", "checkpoint", "log_head"}) {
    Tamper(a_, StrCat("DELETE FROM audit.", table, " WHERE tenant_id = $"));
  }
  Log(Repeat(a_, 5));
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  EXPECT_TRUE(Verify(a_, file).ok());

  const v1::GetCheckpointResponse after = Checkpoint(a_);
  ASSERT_OK_AND_ASSIGN(const auto key, merkle::VerifierKey::Parse(after.verifier_key()));
  ASSERT_OK_AND_ASSIGN(const auto older, merkle::OpenCheckpoint(before.checkpoint(), key));
  ASSERT_OK_AND_ASSIGN(const auto newer, merkle::OpenCheckpoint(after.checkpoint(), key));
  v1::GetConsistencyProofRequest request;
  request.set_old_size(older.size);
  request.set_new_size(newer.size);
  ASSERT_OK_AND_ASSIGN(const auto reply,
                       As(a_, &v1::AuditService::Stub::GetConsistencyProof, request));
  std::vector<merkle::Hash> proof;
  for (const std::string& hash : reply.hashes()) proof.push_back(merkle::ParseHash(hash).value());
  EXPECT_FALSE(merkle::VerifyConsistency(older.size, newer.size, older.root, newer.root, proof));
}

}  // namespace
}  // namespace kasbah::audit
