// What becomes of a secret: settings, grants, repeated requests, states of a version, deletion, and
// what the upkeep does when the time has come.

#include <limits>

#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using Stub = v1::SecretService::Stub;
using State = v1::SecretVersion;

class SecretLifecycleTest : public VaultServerTest {
 protected:
  absl::StatusOr<v1::Secret> Create(const v1::CreateSecretRequest& request) {
    return AsUser(a_, &Stub::CreateSecret, request);
  }
  v1::Secret Make(const std::string& path) {
    v1::CreateSecretRequest request;
    request.set_path(path);
    const auto made = Create(request);
    EXPECT_OK(made);
    return made.ok() ? *made : v1::Secret();
  }
  absl::StatusOr<v1::SecretVersion> Add(const std::string& payload, const std::string& id = "",
                                        const std::string& secret = "s") {
    v1::AddSecretVersionRequest request;
    request.set_secret(secret);
    request.set_payload(payload);
    request.set_request_id(id);
    return AsUser(a_, &Stub::AddSecretVersion, request);
  }
  absl::StatusOr<std::string> Access(uint32_t version = 0, const std::string& secret = "s") {
    v1::AccessSecretVersionRequest request;
    request.set_secret(secret);
    request.set_version(version);
    auto reply = AsProgram(a_, &Stub::AccessSecretVersion, request);
    if (!reply.ok()) return reply.status();
    return std::move(*reply->mutable_payload());
  }
  absl::StatusOr<v1::Secret> Get(const std::string& secret = "s") {
    v1::GetSecretRequest request;
    request.set_secret(secret);
    return AsUser(a_, &Stub::GetSecret, request);
  }
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> On(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Reply*),
                           uint32_t version = 1) {
    Request request;
    request.set_secret("s");
    if constexpr (requires { request.set_version(version); }) request.set_version(version);
    return AsUser(a_, method, request);
  }
  absl::StatusOr<v1::Secret> Update(const v1::UpdateSecretRequest& request) {
    return AsUser(a_, &Stub::UpdateSecret, request);
  }
  absl::StatusOr<v1::Secret> Grant(
      const std::vector<std::pair<std::string, v1::SecretGrant::Access>>& grants) {
    v1::SetSecretGrantsRequest request;
    request.set_secret("s");
    for (const auto& [actor, access] : grants) {
      auto* grant = request.add_grants();
      grant->set_actor(actor);
      grant->set_access(access);
    }
    return AsUser(a_, &Stub::SetSecretGrants, request);
  }
};

TEST_F(SecretLifecycleTest, SettingsAreKeptAndTheMaskSaysWhichChange) {
  v1::CreateSecretRequest create;
  create.set_path("s");
  (*create.mutable_labels())["team"] = "web";
  create.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  create.mutable_rotation()->mutable_period()->set_seconds(7200);
  create.mutable_rotation()->set_topic("db");
  create.mutable_version_destroy_delay()->set_seconds(60);
  ASSERT_OK(Create(create));
  ASSERT_OK_AND_ASSIGN(const v1::Secret made, Get());
  EXPECT_EQ(made.expire_time().seconds(), create.expire_time().seconds());
  EXPECT_EQ(made.rotation().period().seconds(), 7200);
  EXPECT_EQ(made.rotation().topic(), "db");
  EXPECT_GT(made.rotation().next_time().seconds(), absl::ToUnixSeconds(absl::Now()) + 7100);
  EXPECT_EQ(made.version_destroy_delay().seconds(), 60);

  v1::UpdateSecretRequest update;
  update.set_secret("s");
  update.set_etag(made.etag());
  update.mutable_update_mask()->add_paths("labels");
  update.mutable_update_mask()->add_paths("expire_time");
  (*update.mutable_labels())["team"] = "ops";
  ASSERT_OK_AND_ASSIGN(const v1::Secret changed, Update(update));
  EXPECT_EQ(changed.labels().at("team"), "ops");
  EXPECT_FALSE(changed.has_expire_time());
  EXPECT_EQ(changed.rotation().topic(), "db");
  EXPECT_NE(changed.etag(), made.etag());
  EXPECT_THAT(Update(update), ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(EventCount("secret.update"), "1");
}

TEST_F(SecretLifecycleTest, TimesThatNoCalendarHasAreRefusedByName) {
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  const auto refused = [&](const v1::CreateSecretRequest& request, const std::string& field) {
    const auto made = Create(request);
    EXPECT_THAT(made, ReasonIs("INVALID_FIELDS"));
    EXPECT_THAT(made.status().ToString(), ::testing::HasSubstr(field));
  };
  v1::CreateSecretRequest request;
  request.set_path("s");
  request.mutable_expire_time()->set_seconds(kFar);
  refused(request, "expire_time");
  request.clear_expire_time();
  request.mutable_rotation()->mutable_period()->set_seconds(kFar);
  refused(request, "rotation.period");
  request.mutable_rotation()->mutable_period()->set_seconds(7200);
  request.mutable_rotation()->mutable_next_time()->set_seconds(kFar);
  refused(request, "rotation.next_time");
  request.clear_rotation();
  request.mutable_version_destroy_delay()->set_seconds(kFar);
  refused(request, "version_destroy_delay");
  EXPECT_THAT(Get(), ReasonIs("NOT_FOUND"));
}

TEST_F(SecretLifecycleTest, BadSettingsAreNamedAndChangeNothing) {
  Make("s");
  v1::UpdateSecretRequest update;
  update.set_secret("s");
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  update.mutable_update_mask()->add_paths("path");
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  update.mutable_update_mask()->set_paths(0, "rotation");
  update.mutable_rotation()->mutable_period()->set_seconds(3599);
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  update.mutable_update_mask()->set_paths(0, "expire_time");
  update.mutable_expire_time()->set_seconds(1);
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  update.mutable_update_mask()->set_paths(0, "version_destroy_delay");
  update.mutable_version_destroy_delay()->set_seconds(90 * 86400 + 1);
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(EventCount("secret.update"), "0");
}

TEST_F(SecretLifecycleTest, ARepeatedRequestIsToldWhatTheFirstDid) {
  v1::CreateSecretRequest create;
  create.set_path("s");
  create.set_request_id("create-1");
  ASSERT_OK_AND_ASSIGN(const v1::Secret first, Create(create));
  ASSERT_OK_AND_ASSIGN(const v1::Secret again, Create(create));
  EXPECT_EQ(first.secret_id(), again.secret_id());
  create.set_path("t");
  EXPECT_THAT(Create(create), ReasonIs("REQUEST_ID_REUSED"));
  create.set_path("s");
  create.set_request_id("create-2");
  EXPECT_THAT(Create(create), StatusIs(absl::StatusCode::kAlreadyExists));

  ASSERT_OK(Add("one", "add-1"));
  ASSERT_OK_AND_ASSIGN(const auto repeated, Add("one", "add-1"));
  EXPECT_EQ(repeated.version(), 1u);
  EXPECT_THAT(Add("two", "add-1"), ReasonIs("REQUEST_ID_REUSED"));
  EXPECT_THAT(Add("one", "create-1"), ReasonIs("REQUEST_ID_REUSED"));
  EXPECT_EQ(EventCount("secret.version.add"), "1");
  EXPECT_EQ(Access().value_or("refused"), "one");

  // Remembered for a day.
  UpkeepIn(absl::Hours(25));
  ASSERT_OK_AND_ASSIGN(const auto later, Add("two", "add-1"));
  EXPECT_EQ(later.version(), 2u);
}

TEST_F(SecretLifecycleTest, ADisabledVersionIsReadAgainOnlyWhenEnabled) {
  Make("s");
  ASSERT_OK(Add("one"));
  ASSERT_OK(Access());
  ASSERT_OK_AND_ASSIGN(const auto disabled, On(&Stub::DisableSecretVersion));
  EXPECT_EQ(disabled.state(), State::STATE_DISABLED);
  // By the hint that the first access left, and without one.
  EXPECT_THAT(Access(), ReasonIs("VERSION_DISABLED"));
  EXPECT_THAT(Access(1), ReasonIs("VERSION_DISABLED"));
  EXPECT_EQ(EventCount("secret.version.access"), "1");
  ASSERT_OK(On(&Stub::EnableSecretVersion));
  EXPECT_EQ(Access().value_or("refused"), "one");
}

TEST_F(SecretLifecycleTest, DestructionWaitsAndCanBeCalledOff) {
  Make("s");
  ASSERT_OK(Add("one"));
  ASSERT_OK(Add("two"));
  ASSERT_OK_AND_ASSIGN(const auto scheduled, On(&Stub::DestroySecretVersion));
  EXPECT_EQ(scheduled.state(), State::STATE_DESTROY_SCHEDULED);
  EXPECT_THAT(Access(1), ReasonIs("VERSION_DISABLED"));
  EXPECT_EQ(UpkeepIn(absl::Hours(23)), 0);
  ASSERT_OK(On(&Stub::EnableSecretVersion));
  EXPECT_EQ(UpkeepIn(absl::Hours(48)), 0);
  EXPECT_EQ(Access(1).value_or("refused"), "one");

  ASSERT_OK(On(&Stub::DestroySecretVersion));
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  ASSERT_OK_AND_ASSIGN(const auto gone, On(&Stub::GetSecretVersion));
  EXPECT_EQ(gone.state(), State::STATE_DESTROYED);
  EXPECT_THAT(Access(1), ReasonIs("VERSION_DESTROYED"));
  EXPECT_THAT(On(&Stub::EnableSecretVersion), ReasonIs("VERSION_DESTROYED"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.secret_versions WHERE payload IS NULL"),
            "1");
  EXPECT_EQ(UpkeepIn(absl::Hours(26)), 0);
  EXPECT_EQ(Access().value_or("refused"), "two");
}

TEST_F(SecretLifecycleTest, ADeletedSecretComesBackOrGoesForGood) {
  Make("s");
  ASSERT_OK(Add("one"));
  ASSERT_OK(Access());
  ASSERT_OK_AND_ASSIGN(const auto deleted, On(&Stub::DeleteSecret));
  EXPECT_TRUE(deleted.has_purge_time());
  EXPECT_THAT(Access(), ReasonIs("SECRET_DELETED"));
  EXPECT_THAT(Add("two"), ReasonIs("SECRET_DELETED"));
  EXPECT_THAT(On(&Stub::DisableSecretVersion), ReasonIs("SECRET_DELETED"));
  EXPECT_THAT(On(&Stub::DeleteSecret), ReasonIs("SECRET_DELETED"));
  v1::ListSecretsRequest list;
  ASSERT_OK_AND_ASSIGN(const auto live, AsUser(a_, &Stub::ListSecrets, list));
  EXPECT_EQ(live.secrets_size(), 0);
  list.set_deleted(true);
  ASSERT_OK_AND_ASSIGN(const auto gone, AsUser(a_, &Stub::ListSecrets, list));
  EXPECT_EQ(gone.secrets_size(), 1);

  EXPECT_EQ(UpkeepIn(absl::Hours(24 * 29)), 0);
  ASSERT_OK(On(&Stub::UndeleteSecret));
  EXPECT_THAT(On(&Stub::UndeleteSecret), ReasonIs("SECRET_NOT_DELETED"));
  EXPECT_EQ(Access().value_or("refused"), "one");

  ASSERT_OK(On(&Stub::DeleteSecret));
  EXPECT_EQ(UpkeepIn(absl::Hours(24 * 31)), 1);
  EXPECT_THAT(Get(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.secret_versions"), "0");
  EXPECT_EQ(EventCount("secret.purge"), "1");
  // Its path is free.
  Make("s");
}

TEST_F(SecretLifecycleTest, AnExpiredSecretIsAsDeleted) {
  v1::CreateSecretRequest create;
  create.set_path("s");
  create.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  ASSERT_OK(Create(create));
  ASSERT_OK(Add("one"));
  EXPECT_EQ(UpkeepIn(absl::Minutes(50)), 0);
  EXPECT_EQ(UpkeepIn(absl::Minutes(70)), 1);
  EXPECT_THAT(Access(), ReasonIs("SECRET_DELETED"));
  EXPECT_EQ(EventCount("secret.expire"), "1");
  // Before the upkeep comes by, the time alone refuses.
  ASSERT_OK(On(&Stub::UndeleteSecret));
  ASSERT_OK(Access());
  test_->Execute("UPDATE vault.secrets SET expires_at = now() - interval '1 second'");
  EXPECT_THAT(Access(), ReasonIs("SECRET_EXPIRED"));
  EXPECT_THAT(Add("two"), ReasonIs("SECRET_EXPIRED"));
}

TEST_F(SecretLifecycleTest, ARotationIsAnnouncedOnceHoweverManyWereMissed) {
  v1::CreateSecretRequest create;
  create.set_path("s");
  create.mutable_rotation()->mutable_period()->set_seconds(3600);
  create.mutable_rotation()->set_topic("db");
  ASSERT_OK(Create(create));
  EXPECT_EQ(UpkeepIn(absl::Minutes(59)), 0);
  EXPECT_EQ(UpkeepIn(absl::Hours(5)), 1);
  EXPECT_EQ(UpkeepIn(absl::Hours(5)), 0);
  EXPECT_EQ(UpkeepIn(absl::Hours(6) + absl::Minutes(30)), 1);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.outbox WHERE topic = 'change' AND "
                              "position('secret.rotation_due'::bytea in payload) > 0"),
            "2");
}

TEST_F(SecretLifecycleTest, GrantsDecideWhoMayUseARestrictedSecret) {
  Make("s");
  ASSERT_OK(Add("one"));
  ASSERT_OK(Access());
  // The harness's user may manage keys, so grants do not bind them; a plain user they do.
  const std::string other = "usr_01h455vb4pex5vsknk084sn99z";
  ASSERT_OK(Grant({{other, v1::SecretGrant::ACCESS_READ}}));
  ASSERT_OK(Access());
  const auto plain = [&] {
    permissions_.reset(static_cast<size_t>(policy::v1::PERMISSION_KEY_MANAGE));
  };
  plain();
  EXPECT_THAT(Access(), ReasonIs("SECRET_RESTRICTED"));
  EXPECT_THAT(Add("two"), ReasonIs("SECRET_RESTRICTED"));
  EXPECT_THAT(On(&Stub::DeleteSecret), ReasonIs("SECRET_RESTRICTED"));
  EXPECT_OK(Get());
  permissions_.set();
  ASSERT_OK(Grant({{testing::kUser, v1::SecretGrant::ACCESS_READ},
                   {testing::kWorkload, v1::SecretGrant::ACCESS_READ}}));
  plain();
  EXPECT_OK(Access());
  EXPECT_THAT(Add("two"), ReasonIs("SECRET_RESTRICTED"));
  permissions_.set();
  ASSERT_OK(Grant({{testing::kUser, v1::SecretGrant::ACCESS_WRITE}}));
  ASSERT_OK_AND_ASSIGN(const v1::Secret shown, Get());
  ASSERT_EQ(shown.grants_size(), 1);
  EXPECT_TRUE(shown.restricted());
  plain();
  EXPECT_OK(Add("two"));
  EXPECT_THAT(Grant({}), StatusIs(absl::StatusCode::kPermissionDenied));
  permissions_.set();
  ASSERT_OK(Grant({}));
  plain();
  EXPECT_OK(Add("three"));
}

TEST_F(SecretLifecycleTest, ListingByPathAndLabels) {
  for (const char* path : {"prod/db/url", "prod/db/password", "prod/mail", "test/db/url"}) {
    v1::CreateSecretRequest create;
    create.set_path(path);
    (*create.mutable_labels())["kind"] =
        std::string(path).find("db") != std::string::npos ? "db" : "x";
    ASSERT_OK(Create(create));
  }
  v1::ListSecretsRequest list;
  list.set_path_prefix("prod");
  (*list.mutable_labels())["kind"] = "db";
  list.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const auto first, AsUser(a_, &Stub::ListSecrets, list));
  ASSERT_EQ(first.secrets_size(), 1);
  EXPECT_EQ(first.secrets(0).path(), "prod/db/password");
  list.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, AsUser(a_, &Stub::ListSecrets, list));
  ASSERT_EQ(second.secrets_size(), 1);
  EXPECT_EQ(second.secrets(0).path(), "prod/db/url");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(SecretLifecycleTest, TheUpkeepReachesSuspendedTenantsAndSeesNoPayload) {
  Make("s");
  ASSERT_OK(Add("one"));
  ASSERT_OK(On(&Stub::DestroySecretVersion));
  test_->SetTenantState(a_, "suspended");
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  EXPECT_EQ(test_->QueryValue("SELECT has_column_privilege('kasbah_vault_upkeep', "
                              "'vault.secret_versions', 'payload', 'SELECT')"),
            "f");
}

TEST_F(SecretLifecycleTest, ATenantsSecretsAreHeldToTheirLimit) {
  const std::string tenant = a_.uuid().ToString();
  test_->Execute(
      "INSERT INTO vault.quotas (tenant_id, meter, most, month_start) VALUES ('" + tenant +
      "', 'secrets', 2, now()); INSERT INTO vault.quota_slots (tenant_id, meter, slot, remaining) "
      "SELECT '" +
      tenant +
      "', 'secrets', slot, CASE slot WHEN 3 THEN 2 ELSE 0 END "
      "FROM generate_series(0, 15) AS s (slot)");
  const auto create = [&](const std::string& path) {
    v1::CreateSecretRequest request;
    request.set_path(path);
    return Create(request);
  };
  ASSERT_OK(create("s"));
  ASSERT_OK(create("other"));
  EXPECT_THAT(create("third"), ReasonIs("QUOTA_EXCEEDED"));
  // It can be undeleted until it is purged.
  ASSERT_OK(On(&Stub::DeleteSecret));
  EXPECT_THAT(create("third"), ReasonIs("QUOTA_EXCEEDED"));
  UpkeepIn(absl::Hours(24 * 40));
  EXPECT_OK(create("third"));
  EXPECT_THAT(create("fourth"), ReasonIs("QUOTA_EXCEEDED"));
}

}  // namespace
}  // namespace kasbah::vault
