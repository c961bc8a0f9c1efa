// Rewraps from start to end: pages, pauses, crashes, replicas, and a keeper that is away.

#include <thread>

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/rewraps.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using Keys = v1::KeyService::Stub;
using Rewraps = v1::RewrapService::Stub;
using Secrets = v1::SecretService::Stub;

// Keeps `left` ciphertexts of version 1 and rewraps a page of them at a time, as slowly or as badly
// as a test wants it.
class Keeper : public CiphertextHolder {
 public:
  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext&, const KeyName&) override {
    const absl::MutexLock lock(&mutex);
    if (!status.ok()) return status;
    return std::map<uint32_t, uint64_t>{{1, left}};
  }
  absl::StatusOr<Page> Rewrap(const CallContext&, const KeyName&, uint32_t,
                              const std::string& cursor, int limit) override {
    const absl::MutexLock lock(&mutex);
    ++pages;
    if (before_page) before_page();
    if (!status.ok()) return status;
    Page page;
    page.seen = page.rewrapped = std::min(left, static_cast<uint64_t>(limit));
    left -= page.rewrapped;
    page.cursor = cursor + "x";
    page.is_last = left == 0;
    return page;
  }

  absl::Mutex mutex;
  absl::Status status;
  uint64_t left = 0;
  int pages = 0;
  std::function<void()> before_page;
};

class RewrapTest : public VaultServerTest {
 protected:
  void SetUp() override {
    VaultServerTest::SetUp();
    holders_["service/tenant-data"] = &keeper_;
  }
  absl::StatusOr<v1::Rewrap> Start(const std::string& key) {
    v1::StartRewrapRequest request;
    request.set_key(key);
    return AsUser(a_, &Rewraps::StartRewrap, request);
  }
  template <typename Request>
  absl::StatusOr<v1::Rewrap> Do(grpc::Status (Rewraps::*method)(grpc::ClientContext*,
                                                                const Request&, v1::Rewrap*),
                                const std::string& id) {
    Request request;
    request.set_rewrap_id(id);
    return AsUser(a_, method, request);
  }
  void MakeFields(uint64_t ciphertexts) {
    ASSERT_OK(vault_->ring->GetOrCreate(Call(a_), *KeyName::Parse(fields_), KeyPurpose::kEncrypt));
    ASSERT_OK(vault_->ring->Rotate(Call(a_), *KeyName::Parse(fields_)));
    keeper_.left = ciphertexts;
  }
  absl::Status Work(absl::Duration ahead = absl::ZeroDuration(),
                    absl::Duration at_most = absl::Hours(1)) {
    testing::FakeClock clock(absl::Now() + ahead);
    Rewrapper rewrapper(*upkeep_door_, *vault_->database, vault_->outbox, holders_, clock);
    return rewrapper.RunOnce(at_most);
  }

  const std::string fields_ = "service/tenant-data/fields";
  Keeper keeper_;
};

TEST_F(RewrapTest, SecretsAreSealedAgainAndStillOpen) {
  v1::CreateSecretRequest create;
  create.set_path("s");
  ASSERT_OK(AsUser(a_, &Secrets::CreateSecret, create));
  v1::AddSecretVersionRequest add;
  add.set_secret("s");
  for (int i = 0; i < 5; ++i) {
    add.set_payload("payload " + std::to_string(i));
    ASSERT_OK(AsUser(a_, &Secrets::AddSecretVersion, add));
  }
  EXPECT_THAT(Start("secrets"), ReasonIs("REWRAP_NOT_NEEDED"));
  ASSERT_OK(vault_->ring->Rotate(Call(a_), *KeyName::Parse("secrets")));
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start("secrets"));
  EXPECT_EQ(started.total(), 5u);
  EXPECT_EQ(started.state(), v1::Rewrap::STATE_RUNNING);
  EXPECT_THAT(Start("secrets"), ReasonIs("ALREADY_EXISTS"));
  ASSERT_OK(Work());
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap done, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(done.state(), v1::Rewrap::STATE_DONE);
  EXPECT_EQ(done.rewrapped(), 5u);
  EXPECT_EQ(done.failed(), 0u);
  EXPECT_TRUE(done.has_finish_time());
  for (uint32_t i = 1; i <= 5; ++i) {
    v1::AccessSecretVersionRequest access;
    access.set_secret("s");
    access.set_version(i);
    ASSERT_OK_AND_ASSIGN(const auto value, AsProgram(a_, &Secrets::AccessSecretVersion, access));
    EXPECT_EQ(value.payload(), "payload " + std::to_string(i - 1));
    EXPECT_EQ(value.version().key_version(), 2u);
  }
  EXPECT_EQ(EventCount("key.rewrap.start"), "1");
  EXPECT_EQ(EventCount("key.rewrap.finish"), "1");
  // What was there to do is done.
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap again, Start("secrets"));
  EXPECT_EQ(again.total(), 0u);
}

TEST_F(RewrapTest, APayloadThatDoesNotOpenIsCountedAndLeftAlone) {
  v1::CreateSecretRequest create;
  create.set_path("s");
  ASSERT_OK(AsUser(a_, &Secrets::CreateSecret, create));
  v1::AddSecretVersionRequest add;
  add.set_secret("s");
  add.set_payload("payload");
  ASSERT_OK(AsUser(a_, &Secrets::AddSecretVersion, add));
  ASSERT_OK(AsUser(a_, &Secrets::AddSecretVersion, add));
  test_->Execute(
      "UPDATE vault.secret_versions SET payload = set_byte(payload, 100, get_byte(payload, 100) # "
      "1)"
      " WHERE version = 1");
  ASSERT_OK(vault_->ring->Rotate(Call(a_), *KeyName::Parse("secrets")));
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start("secrets"));
  ASSERT_OK(Work());
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap done, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(done.state(), v1::Rewrap::STATE_DONE);
  EXPECT_EQ(done.rewrapped(), 1u);
  EXPECT_EQ(done.failed(), 1u);
}

TEST_F(RewrapTest, GoesPageByPageAndTakesTurns) {
  MakeFields(3 * Rewrapper::kPage + 1);
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start(fields_));
  // A turn that is over after its first page.
  ASSERT_OK(Work(absl::ZeroDuration(), absl::ZeroDuration()));
  ASSERT_OK_AND_ASSIGN(v1::Rewrap rewrap, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(rewrap.rewrapped(), static_cast<uint64_t>(Rewrapper::kPage));
  EXPECT_EQ(rewrap.state(), v1::Rewrap::STATE_RUNNING);
  ASSERT_OK(Work(absl::Seconds(1)));
  ASSERT_OK_AND_ASSIGN(rewrap, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(rewrap.state(), v1::Rewrap::STATE_DONE);
  EXPECT_EQ(rewrap.rewrapped(), rewrap.total());
  EXPECT_EQ(keeper_.pages, 4);
}

TEST_F(RewrapTest, PausesResumesAndIsCancelled) {
  MakeFields(10 * Rewrapper::kPage);
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start(fields_));
  const std::string id = started.rewrap_id();
  keeper_.before_page = [&] {
    if (keeper_.pages == 2) {
      EXPECT_OK(Do(&Rewraps::PauseRewrap, id));
    }
  };
  ASSERT_OK(Work());
  EXPECT_EQ(keeper_.pages, 2);
  ASSERT_OK(Work(absl::Minutes(5)));
  EXPECT_EQ(keeper_.pages, 2);
  ASSERT_OK_AND_ASSIGN(v1::Rewrap rewrap, Do(&Rewraps::ResumeRewrap, id));
  EXPECT_EQ(rewrap.state(), v1::Rewrap::STATE_RUNNING);
  keeper_.before_page = [&] {
    if (keeper_.pages == 4) {
      EXPECT_OK(Do(&Rewraps::CancelRewrap, id));
    }
  };
  ASSERT_OK(Work(absl::Seconds(1)));
  EXPECT_EQ(keeper_.pages, 4);
  EXPECT_THAT(Do(&Rewraps::CancelRewrap, id), IsOk());
  EXPECT_THAT(Do(&Rewraps::ResumeRewrap, id), ReasonIs("REWRAP_FINISHED"));
  EXPECT_EQ(EventCount("key.rewrap.pause"), "1");
  EXPECT_EQ(EventCount("key.rewrap.resume"), "1");
  EXPECT_EQ(EventCount("key.rewrap.cancel"), "1");
  EXPECT_EQ(EventCount("key.rewrap.finish"), "0");
}

TEST_F(RewrapTest, AnotherReplicaGoesOnWhereOneDied) {
  MakeFields(4 * Rewrapper::kPage);
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start(fields_));
  // Dies after its third page was done and before that was noted: nobody lets the rewrap go.
  keeper_.before_page = [&] {
    if (keeper_.pages == 4) keeper_.status = absl::UnavailableError("the process died");
  };
  EXPECT_FALSE(Work().ok());
  test_->Execute(
      "UPDATE vault.rewraps SET cursor = 'xx', rewrapped = 2000, seen = 2000,"
      " lease_until = now() + interval '30 s'");
  keeper_.status = absl::OkStatus();
  keeper_.before_page = nullptr;
  // Not before its lease is over.
  ASSERT_OK(Work(absl::Seconds(10)));
  EXPECT_EQ(keeper_.left, static_cast<uint64_t>(Rewrapper::kPage));
  ASSERT_OK(Work(absl::Seconds(40)));
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap done, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(done.state(), v1::Rewrap::STATE_DONE);
  EXPECT_EQ(keeper_.left, 0u);
}

TEST_F(RewrapTest, OfTwoReplicasOneWorks) {
  MakeFields(20 * Rewrapper::kPage);
  ASSERT_OK(Start(fields_));
  std::thread other([&] { EXPECT_OK(Work()); });
  ASSERT_OK(Work());
  other.join();
  EXPECT_EQ(keeper_.pages, 20);
}

TEST_F(RewrapTest, AKeeperThatIsAwayIsWaitedFor) {
  MakeFields(10);
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start(fields_));
  keeper_.status = Error(absl::StatusCode::kUnavailable, "PEER_UNAVAILABLE", "away");
  EXPECT_FALSE(Work().ok());
  ASSERT_OK_AND_ASSIGN(v1::Rewrap rewrap, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(rewrap.state(), v1::Rewrap::STATE_RUNNING);
  EXPECT_EQ(rewrap.waiting_for(), "PEER_UNAVAILABLE");
  // Nothing can be said of what it keeps, so nothing is destroyed or started either.
  v1::DestroyKeyVersionRequest destroy;
  destroy.set_key(fields_);
  destroy.set_version(1);
  EXPECT_THAT(AsUser(a_, &Keys::DestroyKeyVersion, destroy), ReasonIs("PEER_UNAVAILABLE"));
  keeper_.status = absl::OkStatus();
  ASSERT_OK(Work(absl::Seconds(10)));
  ASSERT_OK_AND_ASSIGN(rewrap, Do(&Rewraps::GetRewrap, started.rewrap_id()));
  EXPECT_EQ(rewrap.state(), v1::Rewrap::STATE_DONE);
  EXPECT_EQ(rewrap.waiting_for(), "");
}

TEST_F(RewrapTest, NobodyElseSeesOrTouchesIt) {
  MakeFields(10);
  ASSERT_OK_AND_ASSIGN(const v1::Rewrap started, Start(fields_));
  v1::CancelRewrapRequest cancel;
  cancel.set_rewrap_id(started.rewrap_id());
  EXPECT_THAT(AsUser(b_, &Rewraps::CancelRewrap, cancel), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto listed,
                       AsUser(b_, &Rewraps::ListRewraps, v1::ListRewrapsRequest()));
  EXPECT_EQ(listed.rewraps_size(), 0);
  customer_ = CustomerId::New(absl::Now());
  EXPECT_THAT(Do(&Rewraps::CancelRewrap, started.rewrap_id()), ReasonIs("PERMISSION_DENIED"));
}

}  // namespace
}  // namespace kasbah::vault
