#include <gtest/gtest.h>

#include "libs/merkle/proof.h"
#include "libs/merkle/system_head.h"
#include "services/audit/log/proof_fixture.h"
#include "services/audit/log/system_log.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class SystemLogTest : public ProofTest {
 protected:
  absl::StatusOr<WitnessedHead> Find(TenantId tenant) {
    return system_log_->Find(tenant, absl::Now() + absl::Seconds(20));
  }
  merkle::TlogPolicy Policy() { return {system_log_->VerifierKey().value(), {}, 0}; }
  absl::StatusOr<merkle::SeenHead> Open(const WitnessedHead& head, TenantId tenant) {
    return merkle::OpenSeenHead(head.proof, system_log_->OriginOf(tenant), Policy());
  }
  uint64_t Size() { return std::stoull(test_->QueryValue("SELECT size FROM audit.system_log")); }
};

TEST_F(SystemLogTest, EachSignedHeadBecomesAnEntryOnce) {
  Log({{a_, Event()}, {b_, Event()}});
  Witness();
  EXPECT_EQ(Size(), 2u);
  ASSERT_OK_AND_ASSIGN(const size_t again, system_log_->Append());
  EXPECT_EQ(again, 0u);
  Log(Repeat(a_, 4));
  // Not signed yet.
  ASSERT_OK_AND_ASSIGN(const size_t before, system_log_->Append());
  const merkle::Checkpoint head = Sign(a_);
  ASSERT_OK_AND_ASSIGN(const size_t after, system_log_->Append());
  EXPECT_EQ(before + after, 1u);
  ASSERT_OK_AND_ASSIGN(const WitnessedHead found, Find(a_));
  EXPECT_EQ(found.size, 5u);
  EXPECT_EQ(found.root, head.root);
}

TEST_F(SystemLogTest, AHeadIsProvedToItsOwnTenantAlone) {
  Log({{a_, Event()}, {b_, Event()}});
  Witness();
  ASSERT_OK_AND_ASSIGN(const WitnessedHead found, Find(a_));
  ASSERT_OK_AND_ASSIGN(const merkle::SeenHead seen, Open(found, a_));
  EXPECT_EQ(seen.entry.size, 1u);
  EXPECT_EQ(seen.system.size, 2u);
  EXPECT_EQ(seen.system.origin, "kasbah.dev/audit/system");
  EXPECT_FALSE(Open(found, b_).ok());
  // What witnesses are sent names nobody.
  EXPECT_EQ(found.proof.find(a_.ToString()), std::string::npos);
  EXPECT_EQ(found.proof.find(b_.ToString()), std::string::npos);
}

TEST_F(SystemLogTest, ALogWithoutEventsIsNotInIt) {
  Log({{a_, Event()}});
  Witness();
  EXPECT_THAT(Find(b_), ReasonIs("NOT_FOUND"));
}

TEST_F(SystemLogTest, ItGrowsOverTilesAndStaysConsistent) {
  std::vector<merkle::Checkpoint> heads;
  for (int i = 0; i < 300; ++i) {
    Log({{i % 2 == 0 ? a_ : b_, Event()}});
    Sign(i % 2 == 0 ? a_ : b_);
    ASSERT_OK(system_log_->Append());
    if (i % 37 != 0 && i != 299) continue;
    ASSERT_OK_AND_ASSIGN(const auto newest, system_log_->Newest(absl::Now() + absl::Seconds(20)));
    ASSERT_OK_AND_ASSIGN(const auto head, merkle::OpenCheckpoint(newest->note, Policy().log));
    heads.push_back(head);
  }
  EXPECT_EQ(Size(), 300u);
  for (size_t i = 0; i + 1 < heads.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const auto proof,
                         system_log_->ConsistencyProof(heads[i].size, heads.back().size,
                                                       absl::Now() + absl::Seconds(20)));
    EXPECT_TRUE(merkle::VerifyConsistency(heads[i].size, heads.back().size, heads[i].root,
                                          heads.back().root, proof));
  }
  for (const TenantId tenant : {a_, b_}) {
    ASSERT_OK_AND_ASSIGN(const WitnessedHead found, Find(tenant));
    EXPECT_EQ(found.size, 150u);
    EXPECT_OK(Open(found, tenant));
  }
}

TEST_F(SystemLogTest, UntilEnoughWitnessesCosignedNothingIsShown) {
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  MakeSystemLog(
      {merkle::VerifierKey::Create("w", key.public_key(), merkle::NoteKeyType::kCosignatureV1)
           .value()},
      1);
  Log({{a_, Event()}});
  Witness();
  EXPECT_THAT(Find(a_), ReasonIs("NOT_FOUND"));
}

TEST_F(SystemLogTest, ATreeThatSomebodyChangedIsNotContinued) {
  for (int i = 0; i < 255; ++i) {
    Log({{a_, Event()}});
    Sign(a_);
    ASSERT_OK(system_log_->Append());
  }
  test_->Execute(
      "UPDATE audit.system_entry SET leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) "
      "WHERE seq = 7");
  Log(Repeat(a_, 2));
  Sign(a_);
  EXPECT_THAT(system_log_->Append(), ReasonIs("LOG_DAMAGED"));
  EXPECT_EQ(Size(), 255u);
}

}  // namespace
}  // namespace kasbah::audit
