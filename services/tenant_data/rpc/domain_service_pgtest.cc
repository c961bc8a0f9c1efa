#include <set>

#include "kasbah/tenantdata/v1/domains.pb.h"
#include "services/tenant_data/rpc/domain_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class DomainServiceTest : public DomainServerTest {};

TEST_F(DomainServiceTest, ADomainIsClaimedProvedAndGivenUp) {
  ASSERT_OK_AND_ASSIGN(const v1::Domain claimed, CreateDomain(a_, "Shop.Example.COM."));
  EXPECT_EQ(claimed.host(), "shop.example.com");
  EXPECT_EQ(claimed.state(), v1::DOMAIN_STATE_PENDING);
  EXPECT_EQ(claimed.challenge().name(), "_kasbah-challenge.shop.example.com");
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "domain.create");
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "domain.created");
  EXPECT_THAT(CreateDomain(a_, "shop.example.com"), ReasonIs("ALREADY_EXISTS"));
  EXPECT_THAT(Verify(a_, claimed), ReasonIs("DOMAIN_UNPROVED"));
  EXPECT_THAT(Resolve("shop.example.com"), ReasonIs("NOT_FOUND"));

  Publish(claimed);
  ASSERT_OK_AND_ASSIGN(const v1::Domain verified, Verify(a_, claimed));
  EXPECT_EQ(verified.state(), v1::DOMAIN_STATE_VERIFIED);
  EXPECT_TRUE(verified.has_verify_time());
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "domain.verified");
  EXPECT_EQ(change.sequence(), 2u);
  EXPECT_EQ(change.data().fields().at("host").string_value(), "shop.example.com");
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "domain.verify");
  // Known at once, though it was nobody's a moment ago.
  ASSERT_OK_AND_ASSIGN(const auto resolved, Resolve("shop.example.com"));
  EXPECT_EQ(resolved.tenant_id(), a_.ToString());
  const int64_t audits = Audits();
  ASSERT_OK(Verify(a_, claimed));
  EXPECT_EQ(Audits(), audits);

  ASSERT_OK(DeleteDomain(a_, claimed));
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "domain.delete");
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "domain.deleted");
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").sequence(), 3u);
  EXPECT_THAT(Resolve("shop.example.com"), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(GetDomain(a_, claimed), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(Count("tenant_data.hosts"), 0);
}

TEST_F(DomainServiceTest, ADomainWithACnameIsProvedBesideIt) {
  ASSERT_OK_AND_ASSIGN(const v1::Domain claimed, CreateDomain(a_, "shop.example.com"));
  dns_.PublishAlias("shop.example.com", "edge.example.net");
  Publish(claimed);
  EXPECT_OK(Verify(a_, claimed));
}

TEST_F(DomainServiceTest, HostsThatNobodyCanOwnAreRefusedByName) {
  const int64_t audits = Audits();
  for (const char* host : {"co.uk", "localhost", "192.0.2.1", "*.example.com", "acme.kasbah.de",
                           "kasbah.de", "a_b.example.com", "https://example.com"}) {
    const auto refused = CreateDomain(a_, host);
    ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS")) << host;
    EXPECT_EQ(DetailsOf(refused.status()).violations.at(0).field, "host");
  }
  EXPECT_THAT(CreateDomain(a_, ""), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("tenant_data.domains"), 0);
  EXPECT_EQ(Audits(), audits);
}

TEST_F(DomainServiceTest, AnotherTenantsDomainIsNotFound) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  v1::Domain absent = domain;
  absent.set_domain_id(DomainId::New(clock_.Now()).ToString());
  for (const v1::Domain& asked : {domain, absent}) {
    EXPECT_THAT(GetDomain(b_, asked), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(Verify(b_, asked), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(DeleteDomain(b_, asked), StatusIs(absl::StatusCode::kNotFound));
  }
  EXPECT_EQ(GetDomain(b_, domain).status(), GetDomain(b_, absent).status());
  EXPECT_EQ(AsUser(b_, &Domains::ListDomains, v1::ListDomainsRequest())->domains_size(), 0);
  EXPECT_OK(Resolve("shop.example.com"));
}

TEST_F(DomainServiceTest, ACallForOneCustomerIsRefused) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  customer_ = MakeCustomer(a_, "one");
  EXPECT_THAT(CreateDomain(a_, "b.example.com"), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(Verify(a_, domain), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(GetDomain(a_, domain), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(DeleteDomain(a_, domain), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(AsUser(a_, &Domains::ListDomains, v1::ListDomainsRequest()),
              ReasonIs("PERMISSION_DENIED"));
}

TEST_F(DomainServiceTest, ReadingAndManagingArePermissionsOfTheirOwn) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  permissions_.reset(policy::v1::PERMISSION_DOMAIN_MANAGE);
  EXPECT_OK(GetDomain(a_, domain));
  EXPECT_THAT(CreateDomain(a_, "b.example.com"), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(Verify(a_, domain), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(DeleteDomain(a_, domain), ReasonIs("PERMISSION_DENIED"));
  permissions_.reset(policy::v1::PERMISSION_DOMAIN_READ);
  EXPECT_THAT(GetDomain(a_, domain), ReasonIs("PERMISSION_DENIED"));
}

TEST_F(DomainServiceTest, ListsArePagedByKey) {
  std::set<std::string> hosts;
  for (const char* host : {"a.example.com", "b.example.com", "c.example.com"}) {
    ASSERT_OK(CreateDomain(a_, host));
  }
  ASSERT_OK(CreateDomain(b_, "a.example.com"));
  v1::ListDomainsRequest list;
  list.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, AsUser(a_, &Domains::ListDomains, list));
  ASSERT_EQ(first.domains_size(), 2);
  list.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, AsUser(a_, &Domains::ListDomains, list));
  ASSERT_EQ(second.domains_size(), 1);
  EXPECT_EQ(second.next_page_token(), "");
  for (const auto& domain : first.domains()) hosts.insert(domain.host());
  hosts.insert(second.domains(0).host());
  EXPECT_EQ(hosts.size(), 3u);
  list.set_page_token("x");
  EXPECT_THAT(AsUser(a_, &Domains::ListDomains, list), ReasonIs("INVALID_FIELDS"));
}

TEST_F(DomainServiceTest, ATenantHasOneHundredAtTheMost) {
  test_->Execute(
      "INSERT INTO tenant_data.domains (tenant_id, domain_id, host, nonce, created_at) "
      "SELECT '" +
      a_.uuid().ToString() +
      "', gen_random_uuid(), n || '.example.com', "
      "sha256(n::text::bytea), now() FROM generate_series(1, 100) n");
  EXPECT_THAT(CreateDomain(a_, "shop.example.com"), ReasonIs("TOO_MANY_DOMAINS"));
  EXPECT_OK(CreateDomain(b_, "shop.example.com"));
}

TEST_F(DomainServiceTest, ASuspendedTenantIsToldSoBeforeAnythingElse) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(CreateDomain(a_, "co.uk"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Verify(a_, domain), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(GetDomain(a_, domain), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(DeleteDomain(a_, domain), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(AsUser(a_, &Domains::ListDomains, v1::ListDomainsRequest()),
              ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(DomainServiceTest, WithoutAnAnswerNothingIsProvedAndNothingLost) {
  const v1::Domain held = Proved(a_, "held.example.com");
  ASSERT_OK_AND_ASSIGN(const v1::Domain claimed, CreateDomain(a_, "shop.example.com"));
  Publish(claimed);
  dns_.Stop();
  EXPECT_THAT(Verify(a_, claimed), ReasonIs("DNS_FAILED"));
  EXPECT_THAT(Verify(a_, held), ReasonIs("DNS_FAILED"));
  EXPECT_EQ(GetDomain(a_, claimed)->state(), v1::DOMAIN_STATE_PENDING);
  EXPECT_EQ(GetDomain(a_, held)->state(), v1::DOMAIN_STATE_VERIFIED);
  dns_.Start();
  EXPECT_OK(Verify(a_, claimed));
}

}  // namespace
}  // namespace kasbah::tenantdata
