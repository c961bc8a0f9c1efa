#include <atomic>
#include <set>
#include <thread>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/crypto/hash.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using Stub = v1::SecretService::Stub;

class SecretServiceTest : public VaultServerTest {
 protected:
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> User(TenantId tenant,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Reply*),
                             const Request& request) {
    return AsUser(tenant, method, request);
  }
  absl::StatusOr<v1::Secret> Create(TenantId tenant, const std::string& path) {
    v1::CreateSecretRequest request;
    request.set_path(path);
    return User(tenant, &Stub::CreateSecret, request);
  }
  absl::StatusOr<v1::SecretVersion> Add(TenantId tenant, const std::string& secret,
                                        const std::string& payload, const std::string& etag = "") {
    v1::AddSecretVersionRequest request;
    request.set_secret(secret);
    request.set_payload(payload);
    request.set_payload_crc32c(crypto::Crc32c(payload));
    request.set_etag(etag);
    return User(tenant, &Stub::AddSecretVersion, request);
  }
  absl::StatusOr<v1::AccessSecretVersionResponse> Access(TenantId tenant, const std::string& secret,
                                                         uint32_t version = 0) {
    v1::AccessSecretVersionRequest request;
    request.set_secret(secret);
    request.set_version(version);
    return AsProgram(tenant, &Stub::AccessSecretVersion, request);
  }
  absl::StatusOr<v1::SecretVersion> Destroy(TenantId tenant, const std::string& secret,
                                            uint32_t version) {
    v1::DestroySecretVersionRequest request;
    request.set_secret(secret);
    request.set_version(version);
    request.set_immediately(true);
    return User(tenant, &Stub::DestroySecretVersion, request);
  }
  absl::StatusOr<v1::Secret> Get(TenantId tenant, const std::string& secret) {
    v1::GetSecretRequest request;
    request.set_secret(secret);
    return User(tenant, &Stub::GetSecret, request);
  }
};

TEST_F(SecretServiceTest, EveryVersionReadsBackAsItWasAdded) {
  ASSERT_OK_AND_ASSIGN(const v1::Secret secret, Create(a_, "prod/db"));
  EXPECT_EQ(secret.latest_version(), 0u);
  ASSERT_OK_AND_ASSIGN(const v1::SecretVersion first, Add(a_, "prod/db", "one"));
  EXPECT_EQ(first.version(), 1u);
  EXPECT_EQ(first.created_by(), testing::kUser);
  ASSERT_OK(Add(a_, secret.secret_id(), "two"));
  for (const std::string& name : {secret.secret_id(), secret.path()}) {
    // Twice: by two round trips, then by the hint.
    for (int i = 0; i < 2; ++i) {
      ASSERT_OK_AND_ASSIGN(const auto latest, Access(a_, name));
      EXPECT_EQ(latest.payload(), "two");
      EXPECT_EQ(latest.version().version(), 2u);
      EXPECT_EQ(latest.payload_crc32c(), crypto::Crc32c("two"));
      ASSERT_OK_AND_ASSIGN(const auto oldest, Access(a_, name, 1));
      EXPECT_EQ(oldest.payload(), "one");
    }
  }
  EXPECT_EQ(EventCount("secret.create"), "1");
  EXPECT_EQ(EventCount("secret.version.add"), "2");
  EXPECT_EQ(EventCount("secret.version.access"), "8");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.secret_versions WHERE "
                              "position('one'::bytea in payload) > 0"),
            "0");
}

TEST_F(SecretServiceTest, AHintThatGrewOldStillGivesTheLatest) {
  ASSERT_OK(Create(a_, "s"));
  ASSERT_OK(Add(a_, "s", "one"));
  ASSERT_OK(Access(a_, "s"));
  ASSERT_OK(Add(a_, "s", "two"));
  ASSERT_OK_AND_ASSIGN(const auto latest, Access(a_, "s"));
  EXPECT_EQ(latest.payload(), "two");
  EXPECT_EQ(EventCount("secret.version.access"), "2");
}

TEST_F(SecretServiceTest, AForeignSecretIsNotFoundInAnyCall) {
  ASSERT_OK_AND_ASSIGN(const v1::Secret secret, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, "prod/db", "one"));
  ASSERT_OK(Access(a_, secret.secret_id()));
  for (const std::string& name : {secret.secret_id(), secret.path()}) {
    EXPECT_THAT(Access(b_, name), ReasonIs("NOT_FOUND"));
    EXPECT_THAT(Get(b_, name), ReasonIs("NOT_FOUND"));
    EXPECT_THAT(Add(b_, name, "x"), ReasonIs("NOT_FOUND"));
    EXPECT_THAT(Destroy(b_, name, 1), ReasonIs("NOT_FOUND"));
  }
  EXPECT_EQ(EventCount("secret.version.access"), "1");
  EXPECT_THAT(Access(a_, secret.secret_id()), IsOk());
}

TEST_F(SecretServiceTest, ConcurrentAddsAllCountOnce) {
  ASSERT_OK(Create(a_, "s"));
  AssertionFor(a_);
  ChannelOf("service/gateway");
  constexpr int kThreads = 4, kEach = 5;
  std::vector<std::thread> threads;
  std::atomic<int> added{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        added += Add(a_, "s", std::to_string(t * kEach + i)).ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(added, kThreads * kEach);
  std::set<std::string> payloads;
  for (uint32_t version = 1; version <= kThreads * kEach; ++version) {
    ASSERT_OK_AND_ASSIGN(const auto read, Access(a_, "s", version));
    payloads.insert(read.payload());
  }
  EXPECT_EQ(payloads.size(), static_cast<size_t>(kThreads * kEach));
}

TEST_F(SecretServiceTest, AStaleEtagChangesNothingAndLeavesNoEvent) {
  ASSERT_OK_AND_ASSIGN(const v1::Secret secret, Create(a_, "s"));
  ASSERT_OK(Add(a_, "s", "one", secret.etag()));
  const auto stale = Add(a_, "s", "two", secret.etag());
  EXPECT_THAT(stale, StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(stale, ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(EventCount("secret.version.add"), "1");
  ASSERT_OK_AND_ASSIGN(const v1::Secret now, Get(a_, "s"));
  EXPECT_EQ(now.latest_version(), 1u);
  EXPECT_THAT(Add(a_, "s", "two", now.etag()), IsOk());
}

TEST_F(SecretServiceTest, APayloadThatWasDamagedOnItsWayIsRefused) {
  ASSERT_OK(Create(a_, "s"));
  v1::AddSecretVersionRequest request;
  request.set_secret("s");
  request.set_payload("value");
  request.set_payload_crc32c(crypto::Crc32c("other"));
  EXPECT_THAT(User(a_, &Stub::AddSecretVersion, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(SecretServiceTest, ADestroyedVersionIsRefusedByEveryPath) {
  ASSERT_OK(Create(a_, "s"));
  ASSERT_OK(Add(a_, "s", "one"));
  ASSERT_OK(Access(a_, "s"));
  ASSERT_OK_AND_ASSIGN(const v1::SecretVersion destroyed, Destroy(a_, "s", 1));
  EXPECT_EQ(destroyed.state(), v1::SecretVersion::STATE_DESTROYED);
  // With the hint of the access before, and without one.
  for (const uint32_t version : {0u, 1u}) {
    EXPECT_THAT(Access(a_, "s", version), ReasonIs("VERSION_DESTROYED"));
  }
  EXPECT_THAT(Access(a_, (*Get(a_, "s")).secret_id(), 1), ReasonIs("VERSION_DESTROYED"));
  EXPECT_THAT(Destroy(a_, "s", 1), ReasonIs("VERSION_DESTROYED"));
  EXPECT_EQ(EventCount("secret.version.access"), "1");
  EXPECT_EQ(EventCount("secret.version.destroy"), "1");
  ASSERT_OK_AND_ASSIGN(const v1::Secret left, Get(a_, "s"));
  ASSERT_EQ(left.versions_size(), 1);
  EXPECT_EQ(left.versions(0).state(), v1::SecretVersion::STATE_DESTROYED);
}

TEST_F(SecretServiceTest, PayloadsThatWereSwappedDoNotOpen) {
  ASSERT_OK(Create(a_, "s"));
  ASSERT_OK(Create(a_, "t"));
  ASSERT_OK(Create(b_, "s"));
  ASSERT_OK(Add(a_, "s", "one"));
  ASSERT_OK(Add(a_, "s", "two"));
  ASSERT_OK(Add(a_, "t", "other"));
  ASSERT_OK(Add(b_, "s", "foreign"));
  // Between versions of a secret, secrets of a tenant, and tenants.
  for (const char* other :
       {"o.secret_id = v.secret_id AND o.version <> v.version",
        "o.tenant_id = v.tenant_id AND o.secret_id <> v.secret_id", "o.tenant_id <> v.tenant_id"}) {
    test_->Execute("CREATE TABLE backup AS SELECT * FROM vault.secret_versions");
    test_->Execute(std::string("UPDATE vault.secret_versions v SET payload = o.payload, "
                               "key_version = o.key_version FROM vault.secret_versions o WHERE ") +
                   other);
    const auto read = Access(a_, "s", 1);
    EXPECT_THAT(read, ReasonIs("OPEN_FAILED")) << other;
    test_->Execute(
        "UPDATE vault.secret_versions v SET payload = o.payload FROM backup o "
        "WHERE (v.tenant_id, v.secret_id, v.version) = "
        "(o.tenant_id, o.secret_id, o.version); DROP TABLE backup");
    EXPECT_THAT(Access(a_, "s", 1), IsOk());
  }
}

TEST_F(SecretServiceTest, AfterARotationOldVersionsOpenAndNewOnesCarryTheNewKey) {
  ASSERT_OK(Create(a_, "s"));
  ASSERT_OK(Add(a_, "s", "old"));
  v1::RotateKeyRequest rotate;
  rotate.set_key("secrets");
  ASSERT_OK_AND_ASSIGN(const v1::Key key, AsUser(a_, &v1::KeyService::Stub::RotateKey, rotate));
  EXPECT_EQ(key.name(), "service/vault/secrets");
  EXPECT_EQ(key.primary_version(), 2u);
  ASSERT_OK_AND_ASSIGN(const v1::SecretVersion added, Add(a_, "s", "new"));
  EXPECT_EQ(added.key_version(), 2u);
  EXPECT_EQ(Access(a_, "s", 1)->payload(), "old");
  EXPECT_EQ(Access(a_, "s", 2)->payload(), "new");
}

TEST_F(SecretServiceTest, ListsInPages) {
  for (const char* path : {"p/a", "p/b", "p/c", "q/a"}) ASSERT_OK(Create(a_, path));
  v1::ListSecretsRequest request;
  request.set_path_prefix("p");
  request.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, User(a_, &Stub::ListSecrets, request));
  ASSERT_EQ(first.secrets_size(), 2);
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, User(a_, &Stub::ListSecrets, request));
  ASSERT_EQ(second.secrets_size(), 1);
  EXPECT_EQ(second.secrets(0).path(), "p/c");
  EXPECT_EQ(second.next_page_token(), "");
  request.set_page_token("!");
  EXPECT_THAT(User(a_, &Stub::ListSecrets, request), ReasonIs("INVALID_FIELDS"));
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_THAT(User(a_, &Stub::ListSecrets, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(SecretServiceTest, ASuspendedTenantIsRefusedEverywhere) {
  ASSERT_OK(Create(a_, "s"));
  ASSERT_OK(Add(a_, "s", "one"));
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Access(a_, "s"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Get(a_, "s"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Add(a_, "s", "two"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Create(a_, "t"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Destroy(a_, "s", 1), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(SecretServiceTest, ACustomersCallerHasNoSecrets) {
  customer_ = CustomerId::New(absl::Now());
  EXPECT_THAT(Create(a_, "s"), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(Access(a_, "s"), ReasonIs("PERMISSION_DENIED"));
}

TEST_F(SecretServiceTest, ASubjectsTracesAreExportedAndErased) {
  ASSERT_OK(Create(a_, "s"));
  ASSERT_OK(Add(a_, "s", "one"));
  using Subjects = subject::v1::SubjectService;
  subject::v1::ExportSubjectRequest of;
  of.mutable_subject()->set_id(testing::kUser);
  const std::string peer = "service/tenant-data";
  ASSERT_OK_AND_ASSIGN(const auto held, As(peer, a_, &Subjects::Stub::ExportSubject, of));
  ASSERT_EQ(held.values_size(), 1);
  EXPECT_EQ(held.values(0).column(), "vault.secret_versions.created_by");
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id(testing::kUser);
  test_->SetTenantState(a_, "suspended");
  ASSERT_OK_AND_ASSIGN(const auto erased, As(peer, a_, &Subjects::Stub::EraseSubject, erase));
  EXPECT_EQ(erased.erased().at("vault.secret_versions.created_by"), 1u);
  ASSERT_OK_AND_ASSIGN(const auto nothing, As(peer, a_, &Subjects::Stub::ExportSubject, of));
  EXPECT_EQ(nothing.values_size(), 0);
}

}  // namespace
}  // namespace kasbah::vault
