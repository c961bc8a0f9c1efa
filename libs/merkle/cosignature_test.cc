#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/note.h"
#include "libs/merkle/tlog_proof.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

constexpr std::string_view kText =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

VerifierKey KeyOf(std::string_view name, const crypto::Ed25519Key& key) {
  return VerifierKey::Create(name, key.public_key(), NoteKeyType::kCosignatureV1).value();
}

// A live witness's key, as transparency-dev/formats (note_cosigv1_test.go) has it.
TEST(CosignatureTest, ReadsAPublishedWitnessKey) {
  constexpr std::string_view kRemora =
      "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
  ASSERT_OK_AND_ASSIGN(const VerifierKey key,
                       VerifierKey::Parse(kRemora, NoteKeyType::kCosignatureV1));
  EXPECT_EQ(key.name(), "remora.n621.de");
  EXPECT_EQ(key.ToString(), kRemora);
  // A witness's key opens no log, and a log's key is no witness's.
  EXPECT_FALSE(VerifierKey::Parse(kRemora).ok());
  EXPECT_FALSE(
      VerifierKey::Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                         NoteKeyType::kCosignatureV1)
          .ok());
}

// transparency-dev/formats, TestCoSigV1Timestamp.
TEST(CosignatureTest, ReadsThePublishedTimestamp) {
  const NoteSignature cosignature{
      "w", crypto::ParseBase64("ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL"
                               "+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA==")
               .value()};
  ASSERT_OK_AND_ASSIGN(const absl::Time time, CosignedAt(cosignature));
  EXPECT_EQ(time, absl::FromUnixSeconds(1727964367));
  const NoteSignature plain{
      "w",
      crypto::ParseBase64("eQjRQm6eSKzFoiYalgwCPXu2y3ijtg68is9M46JKxuZB+dRfTmeQeDBoXnvxZx2ugnky"
                          "V+MUMLXpWs1hPb/W/4xkNQY=")
          .value()};
  EXPECT_FALSE(CosignedAt(plain).ok());
}

// The specification's own example of what is signed.
TEST(CosignatureTest, SignsTheSpecificationsMessage) {
  EXPECT_EQ(CosignedMessage(kText, 1679315147),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
}

TEST(CosignatureTest, ACosignatureOpensItsCheckpointAndNoOther) {
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  const VerifierKey witness = KeyOf("witness.example/w1", key);
  ASSERT_OK_AND_ASSIGN(
      const NoteSignature cosignature,
      Cosign(kText, "witness.example/w1", key, absl::FromUnixSeconds(1'790'000'000)));
  EXPECT_TRUE(cosignature.Verify(kText, witness));
  EXPECT_EQ(CosignedAt(cosignature).value(), absl::FromUnixSeconds(1'790'000'000));
  // Extension lines are covered, and the time is.
  EXPECT_FALSE(cosignature.Verify(StrCat(kText, "more\n"), witness));
  for (size_t i = 0; i < cosignature.bytes.size(); ++i) {
    NoteSignature changed = cosignature;
    changed.bytes[i] = static_cast<char>(changed.bytes[i] ^ 1);
    EXPECT_FALSE(changed.Verify(kText, witness)) << i;
  }
  // The same key as a log's does not open it.
  EXPECT_FALSE(cosignature.Verify(
      kText, VerifierKey::Create("witness.example/w1", key.public_key()).value()));
}

class PolicyTest : public ::testing::Test {
 protected:
  std::string Note() const {
    std::string note = SignNote(checkpoint_.ToText(), "log", log_).value();
    for (const int i : cosigned_by_) {
      note += Cosign(checkpoint_.ToText(), StrCat("w", i), witnesses_[static_cast<size_t>(i)],
                     absl::FromUnixSeconds(1'790'000'000))
                  .value()
                  .ToLine();
    }
    return note;
  }
  TlogPolicy Policy(size_t quorum) const {
    TlogPolicy policy{VerifierKey::Create("log", log_.public_key()).value(), {}, quorum};
    for (int i = 0; i < 3; ++i) {
      policy.witnesses.push_back(KeyOf(StrCat("w", i), witnesses_[static_cast<size_t>(i)]));
    }
    return policy;
  }

  const crypto::Ed25519Key log_ = crypto::Ed25519Key::Generate();
  const std::array<crypto::Ed25519Key, 4> witnesses_ = {
      crypto::Ed25519Key::Generate(), crypto::Ed25519Key::Generate(),
      crypto::Ed25519Key::Generate(), crypto::Ed25519Key::Generate()};
  const Checkpoint checkpoint_{"log", 2, NodeHash(LeafHash("a"), LeafHash("b"))};
  std::vector<int> cosigned_by_;
};

TEST_F(PolicyTest, AQuorumIsCountedByWitness) {
  EXPECT_OK(OpenWitnessed(Note(), Policy(0)));
  EXPECT_FALSE(OpenWitnessed(Note(), Policy(1)).ok());
  // Twice the same one, and one that nobody trusts.
  cosigned_by_ = {1, 1, 3};
  EXPECT_OK(OpenWitnessed(Note(), Policy(1)));
  EXPECT_FALSE(OpenWitnessed(Note(), Policy(2)).ok());
  cosigned_by_ = {1, 2};
  EXPECT_OK(OpenWitnessed(Note(), Policy(2)));
}

TEST_F(PolicyTest, AProofFileHoldsForItsEntryAlone) {
  cosigned_by_ = {0};
  TlogProof proof;
  proof.index = 1;
  proof.hashes = {LeafHash("a")};
  proof.checkpoint = Note();
  EXPECT_OK(VerifyTlogProof(proof, LeafHash("b"), Policy(1)));
  EXPECT_FALSE(VerifyTlogProof(proof, LeafHash("a"), Policy(1)).ok());
  proof.index = 0;
  EXPECT_FALSE(VerifyTlogProof(proof, LeafHash("b"), Policy(1)).ok());
}

}  // namespace
}  // namespace kasbah::merkle
