#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/crypto/encoding.h"
#include "services/auth/rpc/auth_server_fixture.h"
#include <nlohmann/json.hpp>

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;
using Workloads = v1::WorkloadService;
using Identities = v1::WorkloadIdentityService;

v1::KubernetesServiceAccount Account(const std::string& namespace_name, const std::string& name,
                                     const std::string& issuer = "https://cluster.example") {
  v1::KubernetesServiceAccount account;
  account.set_issuer(issuer);
  account.set_namespace_(namespace_name);
  account.set_service_account(name);
  return account;
}

class WorkloadServiceTest : public AuthServer {
 protected:
  // As an operator.
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> On(TenantId tenant,
                           grpc::Status (Workloads::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Reply*),
                           const std::string& workload) {
    Request request;
    request.set_workload(workload);
    return Call<Workloads>("operator/ada", tenant, method, request);
  }
  absl::StatusOr<v1::Workload> Get(TenantId tenant, const std::string& workload) {
    return On(tenant, &Workloads::Stub::GetWorkload, workload);
  }
  absl::StatusOr<v1::DeleteWorkloadResponse> Delete(TenantId tenant, const std::string& workload) {
    return On(tenant, &Workloads::Stub::DeleteWorkload, workload);
  }
  absl::StatusOr<v1::Workload> Update(TenantId tenant, const std::string& workload,
                                      const std::vector<v1::KubernetesServiceAccount>& accounts,
                                      const std::string& etag = "") {
    v1::UpdateWorkloadRequest request;
    request.set_workload(workload);
    request.set_etag(etag);
    for (const auto& account : accounts) *request.add_kubernetes() = account;
    return Call<Workloads>("operator/ada", tenant, &Workloads::Stub::UpdateWorkload, request);
  }

  // A pod's token becomes an assertion, as the CSI provider asks for it.
  absl::StatusOr<v1::ExchangeKubernetesTokenResponse> Exchange(
      TenantId tenant, const std::string& token, const std::string& namespace_name = "shop",
      const std::string& account = "web", const std::string& peer = "service/csi-provider") {
    v1::ExchangeKubernetesTokenRequest request;
    request.set_token(token);
    request.set_namespace_(namespace_name);
    request.set_pod_name(testing::KubernetesCluster::PodName(account));
    request.set_pod_uid(testing::KubernetesCluster::PodUid(account));
    return Call<Identities>(peer, tenant, &Identities::Stub::ExchangeKubernetesToken, request);
  }
  nlohmann::json Claims(const std::string& namespace_name = "shop",
                        const std::string& account = "web") {
    return cluster_.Claims(kAudience, namespace_name, account, absl::Now());
  }

  static nlohmann::json ClaimsOf(const std::string& assertion) {
    const size_t first = assertion.find('.');
    return nlohmann::json::parse(
        *crypto::ParseBase64Url(assertion.substr(first + 1, assertion.rfind('.') - first - 1)));
  }
};

TEST_F(WorkloadServiceTest, WhatIsRegisteredIsShownByIdAndName) {
  ASSERT_OK_AND_ASSIGN(const v1::Workload made,
                       MakeWorkload(tenant_, "web", {Account("shop", "web"), Account("a", "b")}));
  EXPECT_TRUE(made.workload_id().starts_with("wkl_"));
  EXPECT_EQ(made.spiffe_id(), "spiffe://kasbah.dev/tenant/" + tenant_.ToString() + "/workload/web");
  for (const std::string& name : {made.workload_id(), made.name()}) {
    ASSERT_OK_AND_ASSIGN(const v1::Workload read, Get(tenant_, name));
    EXPECT_EQ(read.workload_id(), made.workload_id());
    EXPECT_EQ(read.etag(), made.etag());
    ASSERT_EQ(read.kubernetes_size(), 2);
    EXPECT_EQ(read.kubernetes(0).namespace_(), "a");
    EXPECT_EQ(read.kubernetes(1).service_account(), "web");
    EXPECT_EQ(read.kubernetes(1).issuer(), "https://cluster.example");
  }
  EXPECT_EQ(EventsOf(tenant_, "workload.create"), "1");
}

TEST_F(WorkloadServiceTest, ANameAndAServiceAccountBelongToOneWorkloadOfATenant) {
  ASSERT_OK(MakeWorkload(tenant_, "web", {Account("shop", "web")}));
  EXPECT_THAT(MakeWorkload(tenant_, "web"), ReasonIs("ALREADY_EXISTS"));
  EXPECT_THAT(MakeWorkload(tenant_, "other", {Account("shop", "web")}), ReasonIs("ALREADY_EXISTS"));
  EXPECT_THAT(Get(tenant_, "other"), ReasonIs("NOT_FOUND")) << "nothing of it was kept";
  EXPECT_THAT(MakeWorkload(tenant_, "twice", {Account("a", "b"), Account("a", "b")}),
              ReasonIs("INVALID_FIELDS"));
  // Of another tenant both may be.
  EXPECT_OK(MakeWorkload(other_tenant_, "web", {Account("shop", "web")}));
  for (const char* name : {"", "Web", "a/b", "-a", "a_b", "wkl_a"}) {
    EXPECT_THAT(MakeWorkload(tenant_, name), ReasonIs("INVALID_FIELDS")) << name;
  }
}

TEST_F(WorkloadServiceTest, ListsInPages) {
  for (const char* name : {"a", "b", "c"}) ASSERT_OK(MakeWorkload(tenant_, name));
  ASSERT_OK(MakeWorkload(other_tenant_, "d"));
  v1::ListWorkloadsRequest request;
  request.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, Call<Workloads>("operator/ada", tenant_,
                                                         &Workloads::Stub::ListWorkloads, request));
  ASSERT_EQ(first.workloads_size(), 2);
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(
      const auto second,
      Call<Workloads>("operator/ada", tenant_, &Workloads::Stub::ListWorkloads, request));
  ASSERT_EQ(second.workloads_size(), 1);
  EXPECT_EQ(second.workloads(0).name(), "c");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(WorkloadServiceTest, AnUpdateReplacesTheListUnlessItIsStale) {
  ASSERT_OK_AND_ASSIGN(const v1::Workload made, MakeWorkload(tenant_, "web", {Account("a", "b")}));
  ASSERT_OK_AND_ASSIGN(const v1::Workload changed,
                       Update(tenant_, "web", {Account("c", "d")}, made.etag()));
  EXPECT_NE(changed.etag(), made.etag());
  ASSERT_EQ(changed.kubernetes_size(), 1);
  EXPECT_EQ(changed.kubernetes(0).namespace_(), "c");
  EXPECT_THAT(Update(tenant_, "web", {}, made.etag()), ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(Get(tenant_, "web")->kubernetes_size(), 1);
  ASSERT_OK(Update(tenant_, "web", {}));
  EXPECT_EQ(Get(tenant_, "web")->kubernetes_size(), 0);
  EXPECT_EQ(EventsOf(tenant_, "workload.update"), "2");
}

TEST_F(WorkloadServiceTest, OfAnotherTenantNothingIsFound) {
  ASSERT_OK_AND_ASSIGN(const v1::Workload made, MakeWorkload(tenant_, "web"));
  for (const std::string& name : {made.workload_id(), made.name()}) {
    EXPECT_THAT(Get(other_tenant_, name), ReasonIs("NOT_FOUND"));
    EXPECT_THAT(Update(other_tenant_, name, {}), ReasonIs("NOT_FOUND"));
    EXPECT_THAT(Delete(other_tenant_, name), ReasonIs("NOT_FOUND"));
  }
  EXPECT_OK(Get(tenant_, "web"));
}

TEST_F(WorkloadServiceTest, AnApiKeyRegistersNobody) {
  ASSERT_OK_AND_ASSIGN(const auto key, MakeKey(tenant_, v1::ROLE_OWNER));
  const std::string path = "tenant/" + tenant_.ToString() + "/workload/api";
  ASSERT_OK_AND_ASSIGN(const auto resolved, Resolve(path, key.secret()));
  v1::CreateWorkloadRequest create;
  create.set_name("mine");
  EXPECT_THAT(Call<Workloads>(path, TenantId(), &Workloads::Stub::CreateWorkload, create,
                              resolved.assertion()),
              ReasonIs("PEER_NOT_ALLOWED"));
  ASSERT_OK_AND_ASSIGN(const auto gateway, Resolve("service/gateway", key.secret()));
  EXPECT_THAT(Call<Workloads>("service/gateway", TenantId(), &Workloads::Stub::CreateWorkload,
                              create, gateway.assertion()),
              ReasonIs("ACTOR_NOT_ALLOWED"));
  EXPECT_OK(Call<Workloads>(path, TenantId(), &Workloads::Stub::ListWorkloads,
                            v1::ListWorkloadsRequest(), resolved.assertion()));
}

TEST_F(WorkloadServiceTest, OnlyARegisteredProgramIsIssuedAnAssertion) {
  EXPECT_THAT(IssueTo(tenant_, "web"), ReasonIs("WORKLOAD_UNKNOWN"));
  ASSERT_OK_AND_ASSIGN(const v1::Workload made, MakeWorkload(tenant_, "web"));
  EXPECT_THAT(IssueTo(other_tenant_, "web"), ReasonIs("WORKLOAD_UNKNOWN"));
  EXPECT_THAT(IssueTo(tenant_, "webb"), ReasonIs("WORKLOAD_UNKNOWN"));
  ASSERT_OK_AND_ASSIGN(const auto issued, IssueTo(tenant_, "web"));
  EXPECT_EQ(issued.workload_id(), made.workload_id());
  const nlohmann::json claims = ClaimsOf(issued.assertion());
  EXPECT_EQ(claims["knd"], "tenant_workload");
  EXPECT_EQ(claims["sub"], made.workload_id());
  EXPECT_EQ(claims["wkl"], made.workload_id());
  EXPECT_EQ(claims["ten"], tenant_.ToString());
  EXPECT_EQ(claims["azp"], made.spiffe_id());

  ASSERT_OK(Delete(tenant_, "web"));
  EXPECT_THAT(IssueTo(tenant_, "web"), ReasonIs("WORKLOAD_UNKNOWN"));
  // Of the same name, and another one.
  ASSERT_OK_AND_ASSIGN(const v1::Workload again, MakeWorkload(tenant_, "web"));
  EXPECT_NE(again.workload_id(), made.workload_id());
}

TEST_F(WorkloadServiceTest, DeletingAndChangingRevokeWhatWasIssued) {
  ASSERT_OK_AND_ASSIGN(const v1::Workload web, MakeWorkload(tenant_, "web"));
  ASSERT_OK_AND_ASSIGN(const v1::Workload job, MakeWorkload(tenant_, "job"));
  RevocationFeed::Cursor cursor;
  ASSERT_OK(feed_->Poll());
  feed_->News(&cursor, absl::ZeroDuration());
  ASSERT_OK(Delete(tenant_, "web"));
  ASSERT_OK(Update(tenant_, "job", {Account("a", "b")}));
  ASSERT_OK(feed_->Poll());
  const auto news = feed_->News(&cursor, absl::ZeroDuration());
  ASSERT_TRUE(news.has_value());
  std::set<std::string> subjects;
  for (const Revocation& revocation : *news) subjects.insert(revocation.subject);
  EXPECT_EQ(subjects, (std::set<std::string>{web.workload_id(), job.workload_id()}));
}

TEST_F(WorkloadServiceTest, APodGetsItsWorkloadsAssertionThroughTheCsiProvider) {
  ASSERT_OK_AND_ASSIGN(const v1::Workload web,
                       MakeWorkload(tenant_, "web", {Account("shop", "web")}));
  ASSERT_OK_AND_ASSIGN(const auto exchanged, Exchange(tenant_, cluster_.Token(Claims())));
  EXPECT_EQ(exchanged.workload_id(), web.workload_id());
  const nlohmann::json claims = ClaimsOf(exchanged.assertion());
  EXPECT_EQ(claims["azp"], "spiffe://kasbah.dev/service/csi-provider");
  EXPECT_EQ(claims["wkl"], web.workload_id());
  EXPECT_EQ(claims["knd"], "tenant_workload");
  ASSERT_OK(counted_->Flush());
  EXPECT_EQ(EventsOf(tenant_, "workload.exchange"), "1");
  for (const char* peer : {"operator/ada", "service/gateway", "service/vault"}) {
    EXPECT_THAT(Exchange(tenant_, cluster_.Token(Claims()), "shop", "web", peer),
                ReasonIs("PEER_NOT_ALLOWED"));
  }
}

TEST_F(WorkloadServiceTest, APodOfAnotherNamespaceAccountOrTenantGetsNothing) {
  ASSERT_OK(MakeWorkload(tenant_, "web", {Account("shop", "web")}));
  ASSERT_OK(MakeWorkload(other_tenant_, "web", {Account("bank", "web")}));
  EXPECT_THAT(Exchange(tenant_, cluster_.Token(Claims("bank")), "bank"),
              ReasonIs("WORKLOAD_UNKNOWN"));
  EXPECT_THAT(Exchange(other_tenant_, cluster_.Token(Claims())), ReasonIs("WORKLOAD_UNKNOWN"));
  EXPECT_THAT(Exchange(tenant_, cluster_.Token(Claims("shop", "job")), "shop", "job"),
              ReasonIs("WORKLOAD_UNKNOWN"));
  // A token of one pod, presented for another: of another name, namespace or account.
  EXPECT_THAT(Exchange(tenant_, cluster_.Token(Claims("bank"))),
              ReasonIs("KUBERNETES_TOKEN_INVALID"));
  EXPECT_THAT(Exchange(tenant_, cluster_.Token(Claims()), "shop", "job"),
              ReasonIs("KUBERNETES_TOKEN_INVALID"));
  nlohmann::json other_pod = Claims();
  other_pod["kubernetes.io"]["pod"]["uid"] = "uid-of-another";
  EXPECT_THAT(Exchange(tenant_, cluster_.Token(other_pod)), ReasonIs("KUBERNETES_TOKEN_INVALID"));
}

TEST_F(WorkloadServiceTest, ForgedExpiredAndForeignTokensAreRefusedAlike) {
  ASSERT_OK(MakeWorkload(tenant_, "web", {Account("shop", "web")}));
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  std::set<std::string> answers;
  const auto refused = [&](const std::string& token) {
    const auto answer = Exchange(tenant_, token);
    EXPECT_THAT(answer, ReasonIs("KUBERNETES_TOKEN_INVALID"));
    answers.insert(std::string(answer.status().message()));
  };
  const auto with = [&](const char* name, const nlohmann::json& value) {
    nlohmann::json claims = Claims();
    claims[name] = value;
    refused(cluster_.Token(claims));
  };
  with("exp", now - 1);
  with("nbf", now + 600);
  with("aud", nlohmann::json::array({"another"}));
  with("iss", "https://elsewhere.example");
  const testing::KubernetesCluster forger(cluster_.issuer(),
                                          testing::KubernetesCluster::Algorithm::kEs256);
  refused(forger.Token(Claims()));
  nlohmann::json header = cluster_.Header();
  header["alg"] = "none";
  refused(cluster_.Sign(header, Claims()));
  refused("x");
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(WorkloadServiceTest, ASuspendedTenantIsToldSo) {
  ASSERT_OK(MakeWorkload(tenant_, "web", {Account("shop", "web")}));
  test_database_->SetTenantState(tenant_, "suspended");
  EXPECT_THAT(IssueTo(tenant_, "web"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Exchange(tenant_, cluster_.Token(Claims())), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Exchange(tenant_, "x"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(MakeWorkload(tenant_, "job"), ReasonIs("TENANT_SUSPENDED"));
}

}  // namespace
}  // namespace kasbah::auth
