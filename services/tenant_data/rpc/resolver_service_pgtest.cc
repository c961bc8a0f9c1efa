#include "kasbah/tenantdata/v1/domains.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/rpc/domain_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

class ResolverServiceTest : public DomainServerTest {};

TEST_F(ResolverServiceTest, ATenantIsFoundByItsSlug) {
  ASSERT_OK_AND_ASSIGN(const auto found, Resolve("alpha.kasbah.de"));
  EXPECT_EQ(found.tenant_id(), a_.ToString());
  EXPECT_EQ(found.slug(), "alpha");
  EXPECT_EQ(found.state(), v1::LIFECYCLE_STATE_ACTIVE);
  EXPECT_FALSE(found.custom_domain());
  EXPECT_EQ(Resolve("ALPHA.Kasbah.DE.")->tenant_id(), a_.ToString());
}

TEST_F(ResolverServiceTest, ATenantIsFoundByAVerifiedDomainAlone) {
  ASSERT_OK(CreateDomain(b_, "pending.example.com"));
  Proved(a_, "shop.example.com");
  ASSERT_OK_AND_ASSIGN(const auto found, Resolve("shop.example.com"));
  EXPECT_EQ(found.tenant_id(), a_.ToString());
  EXPECT_EQ(found.slug(), "alpha");
  EXPECT_TRUE(found.custom_domain());
  for (const char* host : {"pending.example.com", "example.com", "a.shop.example.com"}) {
    EXPECT_THAT(Resolve(host), ReasonIs("NOT_FOUND")) << host;
  }
}

TEST_F(ResolverServiceTest, WhatIsNobodysIsNotFound) {
  // Reserved, whoever has it.
  test_->CreateTenant("admin");
  for (const char* host :
       {"kasbah.de", "nobody.kasbah.de", "admin.kasbah.de", "www.kasbah.de", "-system.kasbah.de",
        "a.alpha.kasbah.de", "alpha", "alphakasbah.de", "alpha.kasbah.de.example.com",
        "alpha.kasbah.de:443", "alpha_kasbah.de", "127.0.0.1", "[::1]", "ämter.kasbah.de",
        "' OR true --.kasbah.de", ".", "..kasbah.de"}) {
    EXPECT_THAT(Resolve(host), ReasonIs("NOT_FOUND")) << host;
  }
  EXPECT_THAT(Resolve(""), ReasonIs("INVALID_FIELDS"));
}

TEST_F(ResolverServiceTest, ASuspendedOrClosedTenantIsFoundAndSaysSo) {
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_ACTIVE);
  using Tenants = v1::TenantService::Stub;
  v1::SuspendTenantRequest suspend;
  suspend.set_reason("unpaid");
  // What this process changed, it knows at once.
  ASSERT_OK(AsOperator(a_, &Tenants::SuspendTenant, suspend));
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_SUSPENDED);
  ASSERT_OK(AsOperator(a_, &Tenants::ResumeTenant, v1::ResumeTenantRequest()));
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_ACTIVE);
  v1::CloseTenantRequest close;
  close.set_reason("contract ended");
  ASSERT_OK(AsOperator(a_, &Tenants::CloseTenant, close));
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_CLOSED);
}

TEST_F(ResolverServiceTest, ANewTenantIsFoundThoughItsHostWasAskedForBefore) {
  EXPECT_THAT(Resolve("gamma.kasbah.de"), ReasonIs("NOT_FOUND"));
  v1::CreateTenantRequest create;
  create.set_slug("gamma");
  create.set_display_name("Gamma");
  ASSERT_OK(AsOperator(TenantId(), &v1::TenantService::Stub::CreateTenant, create));
  EXPECT_OK(Resolve("gamma.kasbah.de"));
}

TEST_F(ResolverServiceTest, WhatAnotherReplicaChangedIsKnownWhenTheAnswerIsOld) {
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_ACTIVE);
  test_->SetTenantState(a_, "suspended");
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_ACTIVE);
  clock_.Advance(HostCache::kKept);
  EXPECT_EQ(Resolve("alpha.kasbah.de")->state(), v1::LIFECYCLE_STATE_SUSPENDED);
}

TEST_F(ResolverServiceTest, OnlyTheEdgeAndOperatorsMayAsk) {
  v1::ResolveTenantRequest request;
  request.set_host("alpha.kasbah.de");
  EXPECT_OK(As("operator/ada", TenantId(), &Resolver::ResolveTenant, request));
  EXPECT_THAT(As("service/webhook", TenantId(), &Resolver::ResolveTenant, request),
              ReasonIs("PEER_NOT_ALLOWED"));
  EXPECT_THAT(As("tenant/" + a_.ToString() + "/workload/app", TenantId(), &Resolver::ResolveTenant,
                 request),
              ReasonIs("PEER_NOT_ALLOWED"));
  EXPECT_THAT(As("service/gateway", a_, &Resolver::ResolveTenant, request),
              ReasonIs("TENANT_NOT_ALLOWED"));
}

}  // namespace
}  // namespace kasbah::tenantdata
