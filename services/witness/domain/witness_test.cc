#include "services/witness/domain/witness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "services/witness/domain/log_fixture.h"
#include "services/witness/domain/witness_key.h"
#include "services/witness/store/head_files.h"

namespace kasbah::witness {
namespace {

class WitnessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(HeadFiles::Make(directory_));
    Start();
  }
  void TearDown() override {
    witness_.reset();
    heads_.reset();
    std::filesystem::remove_all(directory_);
  }
  // What a restart leaves: the directory alone.
  void Start() {
    witness_.reset();
    heads_.reset();
    ASSERT_OK_AND_ASSIGN(heads_, HeadFiles::Open(directory_));
    const crypto::SecretBytes seed = key_.Seed();
    witness_ = std::make_unique<Witness>(
        "w.example/1", crypto::Ed25519Key::FromSeed(seed).value(),
        std::map<std::string, std::vector<merkle::VerifierKey>>{{"log.example/a", {log_.Key()}},
                                                                {"log.example/b", {other_.Key()}}},
        *heads_, Clock::Real());
  }
  int StatusOf(const std::string& body) { return witness_->Add(body).status; }
  // Whether the answer is a cosignature of `text`.
  bool Cosigns(const Answer& answer, const std::string& text) const {
    const auto lines = merkle::ParseSignatureLines(answer.body);
    return answer.status == 200 && lines.ok() && lines->size() == 1 &&
           lines->front().Verify(text, VerifierKeyOfWitness());
  }
  merkle::VerifierKey VerifierKeyOfWitness() const {
    return merkle::VerifierKey::Create("w.example/1", key_.public_key(),
                                       merkle::NoteKeyType::kCosignatureV1)
        .value();
  }

  const std::string directory_ = ::testing::TempDir() + "witness_test_" +
                                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const crypto::Ed25519Key key_ = crypto::Ed25519Key::Generate();
  SmallLog log_{"log.example/a"};
  SmallLog other_{"log.example/b"};
  std::unique_ptr<HeadFiles> heads_;
  std::unique_ptr<Witness> witness_;
};

TEST_F(WitnessTest, CosignsEachCheckpointThatFollows) {
  uint64_t old_size = 0;
  for (const uint64_t size : {1, 5, 5, 8, 300}) {
    EXPECT_TRUE(Cosigns(witness_->Add(log_.Body(old_size, size)), log_.Text(size))) << size;
    old_size = size;
  }
  // Logs do not concern each other.
  EXPECT_TRUE(Cosigns(witness_->Add(other_.Body(0, 3)), other_.Text(3)));
}

TEST_F(WitnessTest, AnotherOldSizeIsAnsweredWithTheOneItKnows) {
  ASSERT_EQ(StatusOf(log_.Body(0, 5)), 200);
  for (const uint64_t old_size : {0, 4, 6}) {
    const Answer answer = witness_->Add(log_.Body(old_size, 9));
    EXPECT_EQ(answer.status, 409) << old_size;
    EXPECT_EQ(answer.content_type, "text/x.tlog.size");
    EXPECT_EQ(answer.body, "5\n");
  }
  EXPECT_EQ(StatusOf(log_.Body(5, 9)), 200);
}

TEST_F(WitnessTest, AnOldSizePastTheCheckpointIsABadRequest) {
  merkle::AddCheckpoint request = log_.Request(0, 5);
  request.old_size = 6;
  EXPECT_EQ(StatusOf(request.Serialize()), 400);
}

TEST_F(WitnessTest, AnUnknownLogIsNotFound) {
  SmallLog stranger("log.example/c");
  EXPECT_EQ(StatusOf(stranger.Body(0, 1)), 404);
}

TEST_F(WitnessTest, ASignatureOfAnotherKeyIsForbidden) {
  SmallLog impostor("log.example/a");
  EXPECT_EQ(StatusOf(impostor.Body(0, 1)), 403);
  // One that claims the log's key and does not fit the text.
  merkle::AddCheckpoint request = log_.Request(0, 2);
  const std::string other = log_.Note(3);
  request.checkpoint = log_.Text(2) + other.substr(log_.Text(3).size());
  EXPECT_EQ(StatusOf(request.Serialize()), 403);
}

TEST_F(WitnessTest, SignaturesOfUnknownKeysAreIgnored) {
  SmallLog impostor("log.example/a");
  merkle::AddCheckpoint request = log_.Request(0, 2);
  request.checkpoint += impostor.Note(2).substr(impostor.Text(2).size() + 1);
  EXPECT_EQ(StatusOf(request.Serialize()), 200);
}

TEST_F(WitnessTest, AProofThatDoesNotHoldIsUnprocessable) {
  merkle::AddCheckpoint from_nothing = log_.Request(0, 5);
  from_nothing.proof.push_back(merkle::LeafHash("x"));
  EXPECT_EQ(StatusOf(from_nothing.Serialize()), 422);
  ASSERT_EQ(StatusOf(log_.Body(0, 5)), 200);
  merkle::AddCheckpoint request = log_.Request(5, 9);
  request.proof[0][0] ^= 1;
  EXPECT_EQ(StatusOf(request.Serialize()), 422);
  request = log_.Request(5, 9);
  request.proof.pop_back();
  EXPECT_EQ(StatusOf(request.Serialize()), 422);
  merkle::AddCheckpoint same = log_.Request(5, 5);
  same.proof.push_back(merkle::LeafHash("x"));
  EXPECT_EQ(StatusOf(same.Serialize()), 422);
  // Nothing of it was kept.
  EXPECT_EQ(StatusOf(log_.Body(5, 9)), 200);
}

TEST_F(WitnessTest, AnotherHistoryOfTheSameLogIsNeverCosigned) {
  ASSERT_EQ(StatusOf(log_.Body(0, 5)), 200);
  // The log's own key signs it.
  SmallLog rewritten("log.example/a", "rewritten ");
  const auto sign = [&](merkle::AddCheckpoint request, uint64_t size) {
    request.checkpoint =
        merkle::SignNote(rewritten.Text(size), "log.example/a", log_.key()).value();
    return request.Serialize();
  };
  EXPECT_EQ(StatusOf(sign(rewritten.Request(5, 9), 9)), 422);
  const Answer same_size = witness_->Add(sign(rewritten.Request(5, 5), 5));
  EXPECT_EQ(same_size.status, 409);
  EXPECT_EQ(same_size.body, "5\n");
}

TEST_F(WitnessTest, ASmallerCheckpointIsNeverCosignedAgain) {
  ASSERT_EQ(StatusOf(log_.Body(0, 9)), 200);
  EXPECT_EQ(StatusOf(log_.Body(0, 4)), 409);
  EXPECT_EQ(StatusOf(log_.Body(4, 4)), 409);
  Start();
  EXPECT_EQ(StatusOf(log_.Body(0, 4)), 409);
  EXPECT_EQ(StatusOf(log_.Body(9, 10)), 200);
}

TEST_F(WitnessTest, AnAnswerThatWasLostIsGivenAgain) {
  // Stored, and the process ended before it answered.
  ASSERT_EQ(StatusOf(log_.Body(0, 5)), 200);
  Start();
  const Answer lost = witness_->Add(log_.Body(0, 5));
  EXPECT_EQ(lost.status, 409);
  EXPECT_EQ(lost.body, "5\n");
  EXPECT_TRUE(Cosigns(witness_->Add(log_.Body(5, 5)), log_.Text(5)));
}

TEST_F(WitnessTest, AnEmptyLogHasOneRoot) {
  EXPECT_EQ(StatusOf(log_.Body(0, 0)), 200);
  merkle::AddCheckpoint request{0, {}, ""};
  request.checkpoint =
      merkle::SignNote(merkle::Checkpoint{"log.example/a", 0, merkle::LeafHash("x")}.ToText(),
                       "log.example/a", log_.key())
          .value();
  EXPECT_EQ(StatusOf(request.Serialize()), 409);
  EXPECT_EQ(StatusOf(log_.Body(0, 3)), 200);
}

TEST_F(WitnessTest, ExtensionLinesAreCosignedWithTheRest) {
  const std::string text = log_.Text(4) + "extension 1\nextension 2\n";
  merkle::AddCheckpoint request{0, {}, merkle::SignNote(text, "log.example/a", log_.key()).value()};
  EXPECT_TRUE(Cosigns(witness_->Add(request.Serialize()), text));
}

TEST_F(WitnessTest, MalformedRequestsAreBadRequests) {
  for (const std::string& body :
       {std::string(""), std::string("old 0\n"), std::string("old 0\n\n"),
        std::string("old 0\n\nlog.example/a\n"), "old 00\n\n" + log_.Note(1),
        "old 0\n\n" + log_.Text(1),
        "old 0\n\n" +
            merkle::SignNote("log.example/a\nx\n", "log.example/a", log_.key()).value()}) {
    EXPECT_EQ(StatusOf(body), 400) << body;
  }
}

// Of all who follow one head, one does: the others are told where it went.
TEST_F(WitnessTest, OfConcurrentRequestsThatFollowOneHeadOneIsCosigned) {
  ASSERT_EQ(StatusOf(log_.Body(0, 5)), 200);
  std::vector<std::string> bodies;
  for (uint64_t size = 6; size < 30; ++size) bodies.push_back(log_.Body(5, size));
  std::atomic<int> cosigned = 0;
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  for (const std::string& body : bodies) {
    threads.emplace_back([&, body] {
      const int status = StatusOf(body);
      if (status == 200) ++cosigned;
      if (status == 409) ++conflicts;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cosigned, 1);
  EXPECT_EQ(conflicts, static_cast<int>(bodies.size()) - 1);
}

TEST(WitnessKeyTest, IsReadAsItIsWritten) {
  ASSERT_OK_AND_ASSIGN(const WitnessKey key, WitnessKey::Generate("w.example/1"));
  ASSERT_OK_AND_ASSIGN(const WitnessKey parsed, WitnessKey::Parse(key.Serialize()));
  EXPECT_EQ(parsed.name, "w.example/1");
  EXPECT_EQ(parsed.VerifierKey(), key.VerifierKey());
  EXPECT_FALSE(WitnessKey::Generate("w example").ok());
}

// The private key of the C2SP signed-note specification's tools.
TEST(WitnessKeyTest, ReadsThePublishedPrivateKey) {
  constexpr std::string_view kPeter =
      "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
  ASSERT_OK_AND_ASSIGN(const WitnessKey key, WitnessKey::Parse(crypto::SecretBytes::Copy(kPeter)));
  EXPECT_EQ(key.name, "PeterNeumann");
  EXPECT_EQ(key.Serialize().view(crypto::SecretAccess::ForTest()), kPeter);
  for (size_t i = 0; i < kPeter.size(); ++i) {
    std::string changed(kPeter);
    changed[i] = static_cast<char>(changed[i] + 1);
    EXPECT_FALSE(WitnessKey::Parse(crypto::SecretBytes::Copy(changed)).ok()) << i;
  }
}

}  // namespace
}  // namespace kasbah::witness
