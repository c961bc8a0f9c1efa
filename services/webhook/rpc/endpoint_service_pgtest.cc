#include <gmock/gmock.h>

#include "services/webhook/domain/signature.h"
#include "services/webhook/rpc/endpoint_service.h"
#include "services/webhook/rpc/webhook_server_fixture.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::IsOk;
using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;
using Stub = v1::EndpointService::Stub;

class EndpointServiceTest : public WebhookServerTest {
 protected:
  absl::StatusOr<v1::CreateEndpointResponse> Create(
      TenantId tenant, const std::string& url = "https://example.com/h",
      std::vector<std::string> filters = {}) {
    v1::CreateEndpointRequest request;
    request.set_url(url);
    request.set_description("where we listen");
    for (const std::string& filter : filters) request.add_event_types(filter);
    return AsUser(tenant, &Stub::CreateEndpoint, request);
  }
  absl::StatusOr<v1::Endpoint> Get(TenantId tenant, const std::string& id) {
    v1::GetEndpointRequest request;
    request.set_endpoint_id(id);
    return AsUser(tenant, &Stub::GetEndpoint, request);
  }
  absl::StatusOr<v1::DeleteEndpointResponse> Delete(TenantId tenant, const std::string& id) {
    v1::DeleteEndpointRequest request;
    request.set_endpoint_id(id);
    return AsUser(tenant, &Stub::DeleteEndpoint, request);
  }
};

TEST_F(EndpointServiceTest, ShowsTheSecretOnceAndStoresItSealed) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(a_, "https://example.com/h", {"record.*"}));
  EXPECT_EQ(vault_.last.key(), "endpoint-secrets");
  EXPECT_EQ(vault_.last.context().at("endpoint"), made.endpoint().endpoint_id());
  EXPECT_EQ(vault_.last_tenant, a_.ToString());
  EXPECT_EQ(vault_.last.plaintext().size(), 32u);
  EXPECT_EQ(made.secret(), SecretText(vault_.last.plaintext()));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.endpoints WHERE position('sealed:' IN "
                              "encode(sealed_secret, 'escape')) = 1"),
            "1");
  ASSERT_OK_AND_ASSIGN(const v1::Endpoint got, Get(a_, made.endpoint().endpoint_id()));
  EXPECT_EQ(got.url(), "https://example.com/h");
  EXPECT_EQ(got.description(), "where we listen");
  ASSERT_EQ(got.event_types_size(), 1);
  EXPECT_FALSE(got.disabled());
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.outbox WHERE topic = 'audit' AND "
                              "position('endpoint.create'::bytea IN payload) > 0"),
            "1");
}

TEST_F(EndpointServiceTest, RefusesEveryBadFieldAtOnce) {
  const auto refused = Create(a_, "http://example.com/", {"record.created", "RECORD", "*"});
  EXPECT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  const auto violations = DetailsOf(refused.status()).violations;
  ASSERT_EQ(violations.size(), 3u);
  EXPECT_EQ(violations[0].field, "url");
  EXPECT_EQ(violations[0].description, "must be https");
  EXPECT_EQ(violations[1].field, "event_types[1]");
  EXPECT_EQ(violations[2].field, "event_types[2]");
  EXPECT_THAT(Create(a_, "https://169.254.169.254/latest"), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Create(a_, "https://u:p@example.com/"), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.endpoints"), "0");
}

TEST_F(EndpointServiceTest, AnotherTenantsEndpointIsNotFound) {
  ASSERT_OK_AND_ASSIGN(const auto made, Create(a_));
  const std::string id = made.endpoint().endpoint_id();
  EXPECT_THAT(Get(b_, id), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(b_, id), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(Get(a_, id));
  EXPECT_OK(Delete(a_, id));
  EXPECT_THAT(Get(a_, id), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(a_, id), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EndpointServiceTest, ListsInPages) {
  for (int i = 0; i < 5; ++i) ASSERT_OK(Create(a_));
  ASSERT_OK(Create(b_));
  std::vector<std::string> seen;
  v1::ListEndpointsRequest request;
  request.set_page_size(2);
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListEndpoints, request));
    EXPECT_LE(page.endpoints_size(), 2);
    for (const auto& endpoint : page.endpoints()) seen.push_back(endpoint.endpoint_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  request.set_page_token("!!");
  EXPECT_THAT(AsUser(a_, &Stub::ListEndpoints, request), ReasonIs("INVALID_FIELDS"));
  request.set_page_token("");
  request.set_page_size(-1);
  EXPECT_THAT(AsUser(a_, &Stub::ListEndpoints, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(EndpointServiceTest, ACustomersUserHasNoEndpoints) {
  customer_ = CustomerId::New(absl::Now());
  EXPECT_THAT(Create(a_), ReasonIs("PERMISSION_DENIED"));
}

TEST_F(EndpointServiceTest, ASuspendedTenantIsRefused) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Create(a_), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(EndpointServiceTest, WithoutTheVaultNoEndpointIsMade) {
  vault_server_->Shutdown();
  EXPECT_THAT(Create(a_), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.endpoints"), "0");
}

}  // namespace
}  // namespace kasbah::webhook
