#include <gtest/gtest.h>

#include <filesystem>

#include "libs/http/server.h"
#include "libs/merkle/system_head.h"
#include "services/audit/log/proof_fixture.h"
#include "services/audit/log/witnesses.h"
#include "services/witness/domain/witness.h"
#include "services/witness/domain/witness_key.h"
#include "services/witness/http/witness_handler.h"
#include "services/witness/store/head_files.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

// A witness as kasbah-witness runs it, behind its own HTTP server.
struct RunningWitness {
  RunningWitness(const std::string& name, const std::string& state,
                 std::map<std::string, std::vector<merkle::VerifierKey>> logs)
      : directory(state), key(witness::WitnessKey::Generate(name).value()) {
    std::filesystem::remove_all(directory);
    EXPECT_OK(witness::HeadFiles::Make(directory));
    heads = witness::HeadFiles::Open(directory).value();
    domain = std::make_unique<witness::Witness>(
        name, crypto::Ed25519Key::FromSeed(key.key.Seed()).value(), std::move(logs), *heads,
        Clock::Real());
    server = http::Server::Start("127.0.0.1:0", witness::WitnessHandler(*domain)).value();
    url = StrCat("http://127.0.0.1:", server->port());
  }
  ~RunningWitness() {
    server.reset();
    std::filesystem::remove_all(directory);
  }
  merkle::VerifierKey VerifierKey() const {
    return merkle::VerifierKey::Parse(key.VerifierKey(), merkle::NoteKeyType::kCosignatureV1)
        .value();
  }
  WitnessAddress Address() const { return {VerifierKey(), url}; }

  const std::string directory;
  const witness::WitnessKey key;
  std::unique_ptr<witness::HeadFiles> heads;
  std::unique_ptr<witness::Witness> domain;
  std::unique_ptr<http::Server> server;
  std::string url;
};

class WitnessesTest : public ProofTest {
 protected:
  void SetUp() override {
    ProofTest::SetUp();
    const merkle::VerifierKey log = system_log_->VerifierKey().value();
    for (const char* name : {"w.example/1", "w.example/2"}) {
      running_.push_back(std::make_unique<RunningWitness>(
          name, StrCat(::testing::TempDir(), "witnesses_pgtest_", running_.size()),
          std::map<std::string, std::vector<merkle::VerifierKey>>{{log.name(), {log}}}));
    }
    http::ClientOptions options;
    options.allow_http = true;
    ASSERT_OK_AND_ASSIGN(options.guard, http::AddressGuard::Create({"127.0.0.0/8"}));
    ASSERT_OK_AND_ASSIGN(client_, http::Client::Create(std::move(options)));
    Ask({running_[0]->Address(), running_[1]->Address()}, 2);
  }
  void TearDown() override { witnesses_.reset(); }

  void Ask(const std::vector<WitnessAddress>& addresses, size_t quorum) {
    std::vector<merkle::VerifierKey> keys;
    for (const WitnessAddress& address : addresses) keys.push_back(address.key);
    MakeSystemLog(std::move(keys), quorum);
    witnesses_ =
        std::make_unique<Witnesses>(addresses, *client_, *system_log_, *door_, Clock::Real());
  }
  // Another head of tenant a's log in the system log.
  void Grow() {
    Log({{a_, Event()}});
    Sign(a_);
    ASSERT_OK(system_log_->Append());
  }
  absl::StatusOr<WitnessedHead> Find() {
    return system_log_->Find(a_, absl::Now() + absl::Seconds(20));
  }
  std::string Failure(const std::string& name) {
    return test_->QueryValue(StrCat("SELECT failure FROM audit.witness WHERE name = '", name, "'"));
  }
  // What somebody who trusts both witnesses, and the system log's key, finds.
  absl::StatusOr<merkle::SeenHead> Open(const WitnessedHead& head, size_t quorum) {
    return merkle::OpenSeenHead(head.proof, system_log_->OriginOf(a_),
                                {system_log_->VerifierKey().value(),
                                 {running_[0]->VerifierKey(), running_[1]->VerifierKey()},
                                 quorum});
  }

  std::vector<std::unique_ptr<RunningWitness>> running_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Witnesses> witnesses_;
};

TEST_F(WitnessesTest, AHeadThatBothCosignedIsShownWithItsCosignatures) {
  Grow();
  EXPECT_THAT(Find(), ReasonIs("NOT_FOUND"));
  ASSERT_OK(witnesses_->Cosign());
  ASSERT_OK_AND_ASSIGN(const WitnessedHead head, Find());
  EXPECT_EQ(head.size, 1u);
  ASSERT_OK_AND_ASSIGN(const merkle::SeenHead seen, Open(head, 2));
  EXPECT_EQ(seen.entry.size, 1u);
  EXPECT_EQ(seen.entry.root, Sign(a_).root);
  // Ten more, each consistent with the one before.
  for (int i = 0; i < 10; ++i) {
    Grow();
    ASSERT_OK(witnesses_->Cosign());
  }
  ASSERT_OK_AND_ASSIGN(const WitnessedHead newest, Find());
  EXPECT_EQ(newest.size, 11u);
  EXPECT_OK(Open(newest, 2));
  // Nobody needs the older ones.
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.system_checkpoint"), "1");
}

TEST_F(WitnessesTest, OneThatIsAwayHoldsUpNobodyElse) {
  Grow();
  running_[1]->server.reset();
  EXPECT_THAT(witnesses_->Cosign(), ReasonIs("WITNESS_UNREACHABLE"));
  EXPECT_EQ(Failure("w.example/1"), "");
  EXPECT_EQ(Failure("w.example/2"), "CONNECT_REFUSED");
  EXPECT_THAT(Find(), ReasonIs("NOT_FOUND"));
  Ask({running_[0]->Address(), running_[1]->Address()}, 1);
  ASSERT_OK_AND_ASSIGN(const WitnessedHead head, Find());
  EXPECT_OK(Open(head, 1));
  EXPECT_FALSE(Open(head, 2).ok());
}

TEST_F(WitnessesTest, OneThatIsElsewhereThanWeRememberIsAskedAgainFromThere) {
  Grow();
  Grow();
  ASSERT_OK(witnesses_->Cosign());
  // Its answers were lost, as after a crash or a restore.
  test_->Execute(
      "DELETE FROM audit.witness; "
      "UPDATE audit.system_checkpoint SET cosignatures = '', witnesses = '{}'");
  ASSERT_OK(witnesses_->Cosign());
  Grow();
  test_->Execute("UPDATE audit.witness SET size = 1");
  ASSERT_OK(witnesses_->Cosign());
  ASSERT_OK_AND_ASSIGN(const WitnessedHead head, Find());
  EXPECT_EQ(head.size, 3u);
}

TEST_F(WitnessesTest, ASystemLogThatWasCutIsAnAlarmAndNotCosigned) {
  Grow();
  test_->Execute("CREATE TABLE public.kept AS SELECT * FROM audit.system_log");
  Grow();
  Grow();
  ASSERT_OK(witnesses_->Cosign());
  test_->Execute(
      "UPDATE audit.system_log s SET size = k.size, root = k.root, "
      "frontier = k.frontier FROM public.kept k; "
      "DELETE FROM audit.system_entry WHERE seq >= 1; "
      "DELETE FROM audit.system_member; DELETE FROM audit.system_checkpoint");
  // The tenant's head goes in again, so the log has two entries, and the witnesses saw three.
  ASSERT_OK(system_log_->Append());
  EXPECT_THAT(witnesses_->Cosign(), ReasonIs("WITNESS_CONFLICT"));
  EXPECT_EQ(Failure("w.example/1"), "OTHER_HISTORY");
  EXPECT_THAT(Find(), ReasonIs("NOT_FOUND"));
}

TEST_F(WitnessesTest, ARewrittenSystemLogIsAnAlarmAndNotCosigned) {
  Grow();
  Grow();
  ASSERT_OK(witnesses_->Cosign());
  test_->Execute(
      "UPDATE audit.system_log SET size = 0, root = sha256(''), frontier = ''; "
      "DELETE FROM audit.system_entry; DELETE FROM audit.system_member; "
      "DELETE FROM audit.system_checkpoint");
  for (int i = 0; i < 3; ++i) Grow();
  EXPECT_FALSE(witnesses_->Cosign().ok());
  EXPECT_EQ(Failure("w.example/1"), "STATUS_422");
  EXPECT_THAT(Find(), ReasonIs("NOT_FOUND"));
}

TEST_F(WitnessesTest, ACosignatureOfAnotherKeyIsNotTaken) {
  const merkle::VerifierKey stranger =
      merkle::VerifierKey::Create("w.example/1", crypto::Ed25519Key::Generate().public_key(),
                                  merkle::NoteKeyType::kCosignatureV1)
          .value();
  Ask({{stranger, running_[0]->url}}, 1);
  Grow();
  EXPECT_THAT(witnesses_->Cosign(), ReasonIs("WITNESS_REFUSED"));
  EXPECT_EQ(Failure("w.example/1"), "BAD_COSIGNATURE");
  EXPECT_THAT(Find(), ReasonIs("NOT_FOUND"));
}

TEST_F(WitnessesTest, OneThatDoesNotKnowTheLogIsReported) {
  RunningWitness stranger("w.example/3", StrCat(::testing::TempDir(), "witnesses_pgtest_3"), {});
  Ask({stranger.Address()}, 1);
  Grow();
  EXPECT_THAT(witnesses_->Cosign(), ReasonIs("WITNESS_REFUSED"));
  EXPECT_EQ(Failure("w.example/3"), "STATUS_404");
}

}  // namespace
}  // namespace kasbah::audit
