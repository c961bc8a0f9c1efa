#include "libs/rpc/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "libs/base/error.h"
#include "libs/rpc/rpc_fixture.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::rpc {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(ServerTest, APeerThatThePolicyDoesNotNameIsRefused) {
  const std::string workload =
      "spiffe://kasbah.dev/tenant/" + tenant_.ToString() + "/workload/importer";
  EXPECT_THAT(Ping(Client(workload)), ReasonIs("PEER_NOT_ALLOWED"));
}

TEST_F(ServerTest, AnAssertionSpeaksForItsActor) {
  ASSERT_OK_AND_ASSIGN(const auto who, WhoAmI(Client(kGateway),
                                              {{"authorization", Bearer(KeyAssertion(kGateway))}}));
  EXPECT_EQ(who.tenant_id(), tenant_.ToString());
  EXPECT_EQ(who.actor_kind(), "api_key");
  EXPECT_EQ(who.actor_id(), "key_01h45ytscbebyvny4gc8cr8ma2");
  EXPECT_EQ(who.workload(), "service/gateway");
}

TEST_F(ServerTest, AForgedOrExpiredAssertionIsRefused) {
  const auto client = Client(kGateway);
  Assertion expired = KeyAssertion(kGateway);
  expired.issue_time -= absl::Seconds(100);
  expired.expire_time -= absl::Seconds(100);
  const std::string good = Bearer(KeyAssertion(kGateway));
  for (const std::string& value : {Bearer(expired), good + "A", good.substr(0, good.rfind('.') + 1),
                                   std::string("Bearer x.y.z"), std::string("Bearer "),
                                   std::string("Basic abc"), good.substr(7)}) {
    EXPECT_THAT(WhoAmI(client, {{"authorization", value}}), ReasonIs("ASSERTION_INVALID")) << value;
  }
}

TEST_F(ServerTest, TwoAssertionsAreRefused) {
  const std::string good = Bearer(KeyAssertion(kGateway));
  EXPECT_THAT(WhoAmI(Client(kGateway), {{"authorization", good}, {"authorization", good}}),
              ReasonIs("ASSERTION_INVALID"));
}

TEST_F(ServerTest, AnAssertionIssuedToAnotherWorkloadIsRefused) {
  const Metadata metadata = {{"authorization", Bearer(KeyAssertion(kGateway))}};
  EXPECT_THAT(WhoAmI(Client(kWebhook), metadata), ReasonIs("ASSERTION_NOT_YOURS"));
  // Remembered by now, and still not theirs.
  ASSERT_OK(WhoAmI(Client(kGateway), metadata));
  EXPECT_THAT(WhoAmI(Client(kWebhook), metadata), ReasonIs("ASSERTION_NOT_YOURS"));
}

TEST_F(ServerTest, ATenantsWorkloadCannotPresentAnotherTenantsAssertion) {
  const std::string workload =
      "spiffe://kasbah.dev/tenant/" + other_tenant_.ToString() + "/workload/importer";
  EXPECT_THAT(WhoAmI(Client(workload), {{"authorization", Bearer(KeyAssertion(workload))}}),
              ReasonIs("ASSERTION_NOT_YOURS"));
}

TEST_F(ServerTest, AnAssertionBesideAnotherTenantIsRefused) {
  const auto client = Client(kGateway);
  const std::string bearer = Bearer(KeyAssertion(kGateway));
  EXPECT_THAT(
      WhoAmI(client, {{"authorization", bearer}, {"kasbah-tenant", other_tenant_.ToString()}}),
      ReasonIs("TENANT_MISMATCH"));
  EXPECT_OK(WhoAmI(client, {{"authorization", bearer}, {"kasbah-tenant", tenant_.ToString()}}));
}

TEST_F(ServerTest, AnAssertionsCustomerCannotBeChanged) {
  const auto client = Client(kGateway);
  Assertion assertion = KeyAssertion(kGateway);
  assertion.customer = CustomerId::New(absl::Now());
  const std::string other = CustomerId::New(absl::Now()).ToString();
  EXPECT_THAT(WhoAmI(client, {{"authorization", Bearer(assertion)}, {"kasbah-customer", other}}),
              ReasonIs("CUSTOMER_MISMATCH"));
  EXPECT_THAT(WhoAmI(client, {{"authorization", Bearer(assertion)}, {"kasbah-customer", "all"}}),
              ReasonIs("CUSTOMER_INVALID"));
}

TEST_F(ServerTest, AnAssertionWhereNoneBelongsIsRefused) {
  const auto refused =
      Ping(Client(kGateway), {{"authorization", Bearer(KeyAssertion(kGateway))}}).status();
  EXPECT_THAT(refused, ReasonIs("ACTOR_NOT_ALLOWED"));
  EXPECT_THAT(refused.ToString(),
              ::testing::HasSubstr("it is for workload, operator, by the certificate"));
}

TEST_F(ServerTest, WithoutThePermissionTheActorIsRefused) {
  Assertion assertion = KeyAssertion(kGateway);
  assertion.permissions.reset();
  EXPECT_THAT(WhoAmI(Client(kGateway), {{"authorization", Bearer(assertion)}}),
              ReasonIs("PERMISSION_DENIED"));
}

TEST_F(ServerTest, AMemberNeedsTheAssuranceAndAnApiKeyIsNotAMember) {
  const auto client = Client(kGateway);
  Assertion user = UserAssertion();
  user.assurance = policy::v1::ASSURANCE_SINGLE;
  EXPECT_THAT(RevokeKey(client, {{"authorization", Bearer(user)}}), ReasonIs("ASSURANCE_REQUIRED"));
  user.assurance = policy::v1::ASSURANCE_MULTI;
  EXPECT_OK(RevokeKey(client, {{"authorization", Bearer(user)}}));
  Assertion key = user;
  key.kind = policy::v1::ACTOR_KIND_API_KEY;
  const auto refused = RevokeKey(client, {{"authorization", Bearer(key)}}).status();
  EXPECT_THAT(refused, ReasonIs("ACTOR_NOT_ALLOWED"));
  EXPECT_THAT(refused.ToString(),
              ::testing::HasSubstr("of kind api_key: it is for operator, user"));
}

TEST_F(ServerTest, TheScopeDecidesWhetherATenantIsNamed) {
  const auto service = Client(kWebhook);
  const auto person = Client(kOperator);
  EXPECT_THAT(WhoAmI(service), ReasonIs("TENANT_REQUIRED"));
  EXPECT_OK(WhoAmI(service, {{"kasbah-tenant", tenant_.ToString()}}));
  EXPECT_OK(WhoAmI(person, {{"kasbah-tenant", tenant_.ToString()}}));
  EXPECT_THAT(Ping(service, {{"kasbah-tenant", tenant_.ToString()}}),
              ReasonIs("TENANT_NOT_ALLOWED"));
  EXPECT_THAT(WhoAmI(service, {{"kasbah-tenant", CustomerId::New(absl::Now()).ToString()}}),
              ReasonIs("TENANT_INVALID"));
  EXPECT_THAT(WhoAmI(service, {{"kasbah-tenant", TenantId().ToString()}}),
              ReasonIs("TENANT_INVALID"));
  EXPECT_THAT(WhoAmI(service, {{"kasbah-tenant", tenant_.ToString()},
                               {"kasbah-tenant", other_tenant_.ToString()}}),
              ReasonIs("METADATA_REPEATED"));
}

TEST_F(ServerTest, OnlyServicesActForTheInstallation) {
  const Metadata system = {{"kasbah-tenant", kSystemTenant.ToString()}};
  EXPECT_OK(WhoAmI(Client(kWebhook), system));
  EXPECT_THAT(WhoAmI(Client(kOperator), system), ReasonIs("SYSTEM_TENANT_NOT_ALLOWED"));
}

TEST_F(ServerTest, ATenantsWorkloadIsOfItsTenantAndHoldsNoPermission) {
  const std::string uri = "spiffe://kasbah.dev/tenant/" + tenant_.ToString() + "/workload/importer";
  const auto client = Client(uri);
  EXPECT_THAT(WhoAmI(client), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(WhoAmI(client, {{"kasbah-tenant", other_tenant_.ToString()}}),
              ReasonIs("TENANT_MISMATCH"));
  EXPECT_OK(WhoAmI(client, {{"authorization", Bearer(KeyAssertion(uri))}}));
}

TEST_F(ServerTest, ARevocationHoldsAtOnceAndAStaleWatchRefuses) {
  const auto client = Client(kGateway);
  const Metadata metadata = {{"authorization", Bearer(KeyAssertion(kGateway))}};
  ASSERT_OK(WhoAmI(client, metadata));
  server_->assertions().Revoke(tenant_.ToString(), absl::Now() + absl::Seconds(1));
  EXPECT_THAT(WhoAmI(client, metadata), ReasonIs("TENANT_SUSPENDED"));
  Restart();
  server_->assertions().Revoke("key_01h45ytscbebyvny4gc8cr8ma2", absl::Now() + absl::Seconds(1));
  EXPECT_THAT(WhoAmI(Client(kGateway), metadata), ReasonIs("ASSERTION_REVOKED"));
}

TEST_F(ServerTest, RefusalsOfMutationsAreKeptAndOthersAreNot) {
  EXPECT_THAT(RevokeKey(Client(kWebhook), {}), ReasonIs("PEER_NOT_ALLOWED"));
  EXPECT_THAT(refusals_.Take(), ElementsAre("kasbah.auth.v1.ApiKeyService/RevokeApiKey "
                                            "service/webhook PEER_NOT_ALLOWED"));
  EXPECT_THAT(WhoAmI(Client(kGateway), {{"authorization", "Bearer x.y.z"}}),
              ReasonIs("ASSERTION_INVALID"));
  EXPECT_THAT(RevokeKey(Client(kOperator), {}), ReasonIs("TENANT_REQUIRED"));
  EXPECT_THAT(refusals_.Take(), IsEmpty());
}

TEST_F(ServerTest, AnIdOfAnotherTypeIsRefusedByItsPath) {
  const auto reply = RevokeKey(Client(kOperator), {{"kasbah-tenant", tenant_.ToString()}},
                               "rec_01h45ytscbebyvny4gc8cr8ma2");
  ASSERT_THAT(reply, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(DetailsOf(reply.status()).violations[0].field, "api_key_id");
}

TEST_F(ServerTest, InvalidUtf8IsRefusedInWords) {
  // Field 1, two bytes that are no UTF-8.
  const grpc::Slice bytes(std::string("\x0a\x02\xc3\x28", 4));
  const grpc::ByteBuffer request(&bytes, 1);
  grpc::GenericStub stub(Client(kOperator));
  grpc::ClientContext context;
  context.AddMetadata("kasbah-tenant", tenant_.ToString());
  grpc::ByteBuffer reply;
  absl::Notification done;
  grpc::Status status;
  stub.UnaryCall(&context, "/kasbah.auth.v1.ApiKeyService/RevokeApiKey", grpc::StubOptions(),
                 &request, &reply, [&](grpc::Status s) {
                   status = s;
                   done.Notify();
                 });
  done.WaitForNotification();
  EXPECT_THAT(FromGrpcStatus(status), ReasonIs("REQUEST_MALFORMED"));

  // What is not there is not taken for what cannot be read.
  grpc::ClientContext another;
  absl::Notification answered;
  stub.UnaryCall(&another, "/grpc.reflection.v9.ServerReflection/Ask", grpc::StubOptions(),
                 &request, &reply, [&](grpc::Status s) {
                   status = s;
                   answered.Notify();
                 });
  answered.WaitForNotification();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerTest, AMessageOverTheLimitIsRefused) {
  config_.max_message_bytes = 4096;
  Restart();
  const auto reply = RevokeKey(Client(kOperator), {{"kasbah-tenant", tenant_.ToString()}},
                               std::string(10'000, 'x'));
  EXPECT_THAT(reply, StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(ServerTest, ARequestIdIsKeptWhenItIsOneAndMadeWhenNot) {
  const auto client = Client(kWebhook);
  ASSERT_OK(Ping(client, {{"x-request-id", "my-request.1"}}));
  EXPECT_EQ(echoed_, "my-request.1");
  for (const std::string& bad : {std::string("a b"), std::string(65, 'a'), std::string("<x>")}) {
    ASSERT_OK(Ping(client, {{"x-request-id", bad}}));
    EXPECT_TRUE(Uuid::Parse(echoed_).ok()) << echoed_;
  }
  EXPECT_FALSE(WhoAmI(client, {{"x-request-id", "refused-1"}}).ok());
  EXPECT_EQ(echoed_, "refused-1");
}

TEST_F(ServerTest, HandlersSeeTheWholeCall) {
  ASSERT_OK(RevokeKey(Client(kOperator),
                      {{"kasbah-tenant", tenant_.ToString()}, {"x-request-id", "r-7"}}));
  absl::MutexLock lock(&services_->mutex);
  const Call& call = services_->last_call;
  EXPECT_EQ(call.tenant, tenant_);
  EXPECT_EQ(call.actor.kind, "operator");
  EXPECT_EQ(call.actor.id, "operator/ada");
  EXPECT_EQ(call.workload, "operator/ada");
  EXPECT_EQ(call.request_id, "r-7");
  EXPECT_EQ(call.source_address, "127.0.0.1");
  EXPECT_EQ(call.method, "kasbah.auth.v1.ApiKeyService/RevokeApiKey");
  EXPECT_TRUE(call.Has(policy::v1::PERMISSION_API_KEY_MANAGE));
  EXPECT_FALSE(call.Has(policy::v1::PERMISSION_RECORD_WRITE));
  EXPECT_LE(call.deadline, absl::Now() + absl::Seconds(5));
}

TEST_F(ServerTest, WhatIsBegunElsewhereIsSoUnderANewAssertionToo) {
  const Metadata metadata = {{"authorization", Bearer(UserAssertion())}};
  services_->begins_and_ends = true;
  for (int calls = 1; calls <= 2; ++calls) {
    ASSERT_OK(RevokeKey(Client(kGateway), metadata));
    EXPECT_EQ(services_->begun, calls);
    EXPECT_EQ(services_->handled, 0);
  }
  services_->begins_and_ends = false;
  ASSERT_OK(RevokeKey(Client(kGateway), metadata));
  EXPECT_EQ(services_->handled, 1);
}

TEST_F(ServerTest, TheRateOfATierHolds) {
  const auto client = Client(kOperator);
  const Metadata metadata = {{"kasbah-tenant", tenant_.ToString()}};
  absl::Status refused;
  for (int i = 0; i < 20'000 && refused.ok(); ++i) refused = RevokeKey(client, metadata).status();
  EXPECT_THAT(refused, ReasonIs("RATE_LIMITED"));
  EXPECT_TRUE(DetailsOf(refused).retry_delay.has_value());
  EXPECT_OK(RevokeKey(client, {{"kasbah-tenant", other_tenant_.ToString()}}));
}

TEST_F(ServerTest, CallsAreCounted) {
  ASSERT_OK(Ping(Client(kWebhook)));
  const std::string metrics = telemetry::RenderMetrics();
  EXPECT_NE(
      metrics.find("grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"kasbah.status."
                   "v1.StatusService\",grpc_method=\"Ping\",grpc_code=\"OK\"}"),
      std::string::npos)
      << metrics;
}

TEST_F(ServerTest, APortThatIsTakenIsNamedWithItsSetting) {
  Server::Options options;
  options.name = "second";
  options.config = config_;
  options.config.listen = Address();
  options.own_jwks = [] { return absl::UnavailableError("none"); };
  ASSERT_OK_AND_ASSIGN(const auto second, Server::Create(std::move(options)));
  const absl::Status status = second->Start({}, nullptr);
  EXPECT_THAT(status, ReasonIs("LISTEN_FAILED"));
  EXPECT_NE(std::string(status.message()).find("server.listen"), std::string::npos);
  EXPECT_NE(std::string(status.message()).find(Address()), std::string::npos);
}

TEST_F(ServerTest, ATrustDomainThatIsNotTheCertificatesIsRefused) {
  Server::Options options;
  options.config = config_;
  options.config.trust_domain = "kasbah.org";
  options.own_jwks = [] { return absl::UnavailableError("none"); };
  EXPECT_THAT(Server::Create(std::move(options)).status(), ReasonIs("TRUST_DOMAIN_MISMATCH"));
}

}  // namespace
}  // namespace kasbah::rpc
