#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/crypto/encoding.h"
#include "services/auth/domain/api_key_text.h"
#include "services/auth/rpc/auth_server_fixture.h"
#include <nlohmann/json.hpp>

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;
using ApiKeys = v1::ApiKeyService::Stub;
using Status = status::v1::StatusService;

class CredentialServiceTest : public AuthServer {
 protected:
  std::string Secret(v1::Role role = v1::ROLE_MEMBER) {
    const auto made = MakeKey(tenant_, role);
    EXPECT_OK(made);
    key_id_ = made->api_key().api_key_id();
    return made->secret();
  }

  absl::StatusOr<v1::RevokeApiKeyResponse> Revoke(TenantId tenant, const std::string& key) {
    v1::RevokeApiKeyRequest request;
    request.set_api_key_id(key);
    return Call<v1::ApiKeyService>("operator/ada", tenant, &ApiKeys::RevokeApiKey, request);
  }

  absl::StatusOr<v1::RotateApiKeyResponse> Rotate(const std::string& key, int64_t overlap) {
    v1::RotateApiKeyRequest request;
    request.set_api_key_id(key);
    request.set_overlap_seconds(overlap);
    return Call<v1::ApiKeyService>("operator/ada", tenant_, &ApiKeys::RotateApiKey, request);
  }

  void SetKey(const std::string& assignment) {
    test_database_->Execute("UPDATE auth.api_keys SET " + assignment);
  }

  std::string key_id_;
};

TEST_F(CredentialServiceTest, AKeyBecomesAnAssertionThatAnotherServerTakes) {
  const std::string secret = Secret();
  ASSERT_OK_AND_ASSIGN(const auto resolved, Resolve("operator/ada", secret));
  EXPECT_EQ(resolved.tenant_id(), tenant_.ToString());
  EXPECT_EQ(resolved.actor_id(), key_id_);

  const auto follower = StartFollower("service/vault");
  const auto who_am_i = [&](const std::string& path) {
    auto channel =
        rpc::CreateChannel("127.0.0.1:" + std::to_string(follower->port()),
                           "spiffe://kasbah.dev/service/vault", rpc::TlsFiles{Certificate(path)});
    EXPECT_OK(channel);
    return CallOn<Status>(*channel, TenantId(), &Status::Stub::WhoAmI, status::v1::WhoAmIRequest(),
                          resolved.assertion());
  };
  // The follower's watch begins when it does: until it has heard, it refuses.
  absl::StatusOr<status::v1::WhoAmIResponse> answer;
  const absl::Time patience = Deadline();
  do {
    EXPECT_OK(feed_->Poll());
    answer = who_am_i("operator/ada");
  } while (absl::IsUnavailable(answer.status()) && absl::Now() < patience);
  ASSERT_OK(answer);
  EXPECT_EQ(answer->tenant_id(), tenant_.ToString());
  EXPECT_EQ(answer->actor_kind(), "api_key");
  EXPECT_EQ(answer->actor_id(), key_id_);
  EXPECT_FALSE(who_am_i("operator/eve").ok()) << "it was issued to somebody else";

  // A revocation reaches it, too.
  ASSERT_OK(Revoke(tenant_, key_id_));
  do {
    EXPECT_OK(feed_->Poll());
    answer = who_am_i("operator/ada");
  } while (answer.ok() && absl::Now() < patience);
  EXPECT_THAT(answer, ReasonIs("ASSERTION_REVOKED"));
  follower->Shutdown();
}

TEST_F(CredentialServiceTest, WhateverIsWrongTheAnswerIsTheSame) {
  const std::string secret = Secret();
  const ApiKeyText unknown = ApiKeyText::Make(tenant_, ApiKeyId::New(absl::Now()));
  const ApiKeyText forged = ApiKeyText::Make(tenant_, ApiKeyText::Parse(secret)->id);
  const ApiKeyText nowhere = ApiKeyText::Make(TenantId::New(absl::Now()), forged.id);
  const ApiKeyText elsewhere = ApiKeyText::Make(other_tenant_, forged.id);
  std::set<std::string> answers;
  for (const std::string& text :
       {std::string("x"), std::string("ksb_key_"), secret + "x", secret.substr(1), unknown.text,
        forged.text, nowhere.text, elsewhere.text}) {
    const auto resolved = Resolve("service/gateway", text);
    EXPECT_THAT(resolved, StatusIs(absl::StatusCode::kUnauthenticated));
    EXPECT_THAT(resolved, ReasonIs("CREDENTIAL_INVALID"));
    answers.insert(std::string(resolved.status().message()));
  }
  SetKey("expire_at = now() - interval '1 second'");
  answers.insert(std::string(Resolve("service/gateway", secret).status().message()));
  SetKey("expire_at = NULL, revoked_at = now()");
  answers.insert(std::string(Resolve("service/gateway", secret).status().message()));
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(CredentialServiceTest, ATenantsWorkloadResolvesItsOwnTenantsKeysAlone) {
  const std::string secret = Secret();
  EXPECT_OK(Resolve("tenant/" + tenant_.ToString() + "/workload/api", secret));
  EXPECT_THAT(Resolve("tenant/" + other_tenant_.ToString() + "/workload/api", secret),
              ReasonIs("CREDENTIAL_INVALID"));
  // What the first was given is not handed to the second from memory.
  EXPECT_THAT(Resolve("tenant/" + other_tenant_.ToString() + "/workload/api", secret),
              ReasonIs("CREDENTIAL_INVALID"));
}

// The claim of the token's middle part, "" when there is none.
std::string ClaimOf(const std::string& assertion, const std::string& name) {
  const size_t first = assertion.find('.');
  const std::string part = assertion.substr(first + 1, assertion.rfind('.') - first - 1);
  const auto claims = nlohmann::json::parse(*crypto::ParseBase64Url(part));
  return claims.value(name, "");
}

TEST_F(CredentialServiceTest, AKeySaysWhichRegisteredWorkloadPresentedIt) {
  const std::string secret = Secret();
  const std::string path = "tenant/" + tenant_.ToString() + "/workload/importer";
  ASSERT_OK_AND_ASSIGN(const auto before, Resolve(path, secret));
  EXPECT_EQ(ClaimOf(before.assertion(), "wkl"), "");
  // At once, though the answer before is a moment old.
  ASSERT_OK_AND_ASSIGN(const v1::Workload workload, MakeWorkload(tenant_, "importer"));
  ASSERT_OK_AND_ASSIGN(const auto after, Resolve(path, secret));
  EXPECT_EQ(ClaimOf(after.assertion(), "wkl"), workload.workload_id());
  EXPECT_EQ(ClaimOf(after.assertion(), "knd"), "api_key");
  // Another program of the tenant is another one, and the gateway is none.
  ASSERT_OK_AND_ASSIGN(const auto other,
                       Resolve("tenant/" + tenant_.ToString() + "/workload/other", secret));
  EXPECT_EQ(ClaimOf(other.assertion(), "wkl"), "");
  ASSERT_OK_AND_ASSIGN(const auto gateway, Resolve("service/gateway", secret));
  EXPECT_EQ(ClaimOf(gateway.assertion(), "wkl"), "");
  // Another tenant's workload of the name does not count.
  ASSERT_OK(MakeWorkload(other_tenant_, "other"));
  ASSERT_OK_AND_ASSIGN(const auto still,
                       Resolve("tenant/" + tenant_.ToString() + "/workload/other", secret));
  EXPECT_EQ(ClaimOf(still.assertion(), "wkl"), "");

  // What is remembered for five seconds ends with the workload.
  v1::DeleteWorkloadRequest remove;
  remove.set_workload("importer");
  ASSERT_OK(Call<v1::WorkloadService>("operator/ada", tenant_,
                                      &v1::WorkloadService::Stub::DeleteWorkload, remove));
  ASSERT_OK(feed_->Poll());
  ASSERT_OK_AND_ASSIGN(const auto deleted, Resolve(path, secret));
  EXPECT_EQ(ClaimOf(deleted.assertion(), "wkl"), "");
}

TEST_F(CredentialServiceTest, ASuspendedTenantIsToldSoByItsKeysAlone) {
  const std::string secret = Secret();
  const ApiKeyText forged = ApiKeyText::Make(tenant_, ApiKeyText::Parse(secret)->id);
  test_database_->SetTenantState(tenant_, "suspended");
  EXPECT_THAT(Resolve("operator/ada", secret), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Resolve("operator/ada", forged.text), ReasonIs("CREDENTIAL_INVALID"));
  test_database_->SetTenantState(tenant_, "active");
  EXPECT_OK(Resolve("operator/ada", secret));
}

TEST_F(CredentialServiceTest, AClosedTenantIsToldSoByItsKeysAlone) {
  const std::string secret = Secret();
  const ApiKeyText forged = ApiKeyText::Make(tenant_, ApiKeyText::Parse(secret)->id);
  test_database_->SetTenantState(tenant_, "closed");
  EXPECT_THAT(Resolve("operator/ada", secret), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(Resolve("operator/ada", forged.text), ReasonIs("CREDENTIAL_INVALID"));
}

TEST_F(CredentialServiceTest, ARevokedKeyIsRefusedThoughItWasResolvedAMomentAgo) {
  const std::string secret = Secret();
  ASSERT_OK(Resolve("operator/ada", secret));
  ASSERT_OK(Revoke(tenant_, key_id_));
  EXPECT_OK(Revoke(tenant_, key_id_)) << "revoking again is no error";
  ASSERT_OK(feed_->Poll());
  EXPECT_THAT(Resolve("operator/ada", secret), ReasonIs("CREDENTIAL_INVALID"));
  EXPECT_EQ(EventsOf(tenant_, "api_key.revoke"), "1");
  EXPECT_EQ(test_database_->QueryValue("SELECT subject FROM auth.revocations"), key_id_);
}

TEST_F(CredentialServiceTest, AForeignTenantsKeyCannotBeRevokedOrRotated) {
  const std::string secret = Secret();
  EXPECT_THAT(Revoke(other_tenant_, key_id_), ReasonIs("NOT_FOUND"));
  EXPECT_OK(Resolve("operator/ada", secret));
  EXPECT_EQ(EventsOf(other_tenant_, "api_key.revoke"), "0");
}

TEST_F(CredentialServiceTest, BothKeysWorkDuringTheOverlap) {
  const std::string secret = Secret();
  ASSERT_OK_AND_ASSIGN(const auto rotated, Rotate(key_id_, 3600));
  EXPECT_OK(Resolve("operator/ada", secret));
  EXPECT_OK(Resolve("operator/ada", rotated.secret()));
  EXPECT_EQ(rotated.api_key().role(), v1::ROLE_MEMBER);
  EXPECT_EQ(rotated.api_key().display_name(), "import");
  EXPECT_THAT(Rotate(key_id_, 0), ReasonIs("API_KEY_ROTATED"));
  SetKey("expire_at = now() WHERE successor_id IS NOT NULL");
  EXPECT_THAT(Resolve("operator/bob", secret), ReasonIs("CREDENTIAL_INVALID"));
  EXPECT_OK(Resolve("operator/bob", rotated.secret()));
}

TEST_F(CredentialServiceTest, WithoutAnOverlapTheOldKeyEndsAtOnce) {
  const std::string secret = Secret();
  ASSERT_OK_AND_ASSIGN(const auto rotated, Rotate(key_id_, 0));
  EXPECT_THAT(Resolve("operator/ada", secret), ReasonIs("CREDENTIAL_INVALID"));
  EXPECT_OK(Resolve("operator/ada", rotated.secret()));
  EXPECT_EQ(test_database_->QueryValue("SELECT subject FROM auth.revocations"), key_id_);
}

TEST_F(CredentialServiceTest, AnAssertionNeverOutlivesItsKey) {
  const std::string secret = Secret();
  SetKey("expire_at = now() + interval '20 seconds'");
  ASSERT_OK_AND_ASSIGN(const auto resolved, Resolve("operator/ada", secret));
  EXPECT_LE(resolved.expire_time().seconds(), absl::ToUnixSeconds(absl::Now()) + 20);
}

TEST_F(CredentialServiceTest, UsesAndRefusalsAreCountedInTheTenantsTrail) {
  const std::string secret = Secret();
  const ApiKeyText forged = ApiKeyText::Make(tenant_, ApiKeyText::Parse(secret)->id);
  for (int i = 0; i < 3; ++i) EXPECT_OK(Resolve("service/gateway", secret));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Resolve("service/gateway", forged.text).ok());
  EXPECT_FALSE(Resolve("service/gateway", "no key").ok());
  ASSERT_OK(counted_->Flush());
  // A row for the uses, and at least one for the refusals.
  EXPECT_EQ(EventsOf(tenant_, "CREDENTIAL_INVALID"), "1");
  EXPECT_EQ(EventsOf(tenant_, "credential.resolve"), "2");
  EXPECT_EQ(EventsOf(kSystemTenant, "CREDENTIAL_INVALID"), "1");
  // Of the key itself nothing is kept but its hash.
  EXPECT_EQ(
      test_database_->QueryValue("SELECT count(*) FROM auth.outbox WHERE position(convert_to('" +
                                 secret.substr(60) + "', 'UTF8') IN payload) > 0"),
      "0");
}

TEST_F(CredentialServiceTest, ListedKeysShowNoSecret) {
  const std::string secret = Secret();
  ASSERT_OK_AND_ASSIGN(const auto second, MakeKey(tenant_, v1::ROLE_VIEWER));
  v1::ListApiKeysRequest request;
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const auto page, Call<v1::ApiKeyService>("operator/ada", tenant_,
                                                                &ApiKeys::ListApiKeys, request));
  ASSERT_EQ(page.api_keys_size(), 1);
  EXPECT_EQ(page.api_keys(0).api_key_id(), key_id_);
  EXPECT_TRUE(secret.starts_with(page.api_keys(0).prefix()));
  EXPECT_EQ(page.api_keys(0).created_by(), "operator/ada");
  EXPECT_EQ(page.DebugString().find(secret.substr(30)), std::string::npos);
  request.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto last, Call<v1::ApiKeyService>("operator/ada", tenant_,
                                                                &ApiKeys::ListApiKeys, request));
  ASSERT_EQ(last.api_keys_size(), 1);
  EXPECT_EQ(last.api_keys(0).api_key_id(), second.api_key().api_key_id());
  EXPECT_EQ(last.next_page_token(), "");
  request.set_page_token("!");
  EXPECT_THAT(Call<v1::ApiKeyService>("operator/ada", tenant_, &ApiKeys::ListApiKeys, request),
              ReasonIs("INVALID_FIELDS"));
  request.set_page_token("");
  request.set_page_size(-1);
  EXPECT_THAT(Call<v1::ApiKeyService>("operator/ada", tenant_, &ApiKeys::ListApiKeys, request),
              ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::auth
