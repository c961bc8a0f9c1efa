#include "kasbah/tenantdata/v1/domains.pb.h"
#include "services/tenant_data/rpc/domain_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

class DomainRecheckTest : public DomainServerTest {};

TEST_F(DomainRecheckTest, AProofThatStaysIsLookedAtAndNothingChanges) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  const int64_t audits = Audits();
  EXPECT_EQ(LookAgainAfter(schedule_.recheck - absl::Seconds(1)), 0);
  EXPECT_EQ(LookAgainAfter(absl::Seconds(1)), 1);
  EXPECT_EQ(LookAgainAfter(absl::Seconds(1)), 0);
  ASSERT_OK_AND_ASSIGN(const v1::Domain seen, GetDomain(a_, domain));
  EXPECT_EQ(seen.state(), v1::DOMAIN_STATE_VERIFIED);
  EXPECT_GT(seen.check_time().seconds(), domain.check_time().seconds());
  EXPECT_EQ(Audits(), audits);
}

TEST_F(DomainRecheckTest, ALostProofLapsesAtTheThirdLook) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  Withdraw(domain);
  EXPECT_EQ(LookAgainAfter(schedule_.recheck), 1);
  EXPECT_EQ(GetDomain(a_, domain)->failed_checks(), 1u);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(GetDomain(a_, domain)->state(), v1::DOMAIN_STATE_VERIFIED);
  EXPECT_OK(Resolve("shop.example.com"));
  const int64_t audits = Audits();
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(GetDomain(a_, domain)->state(), v1::DOMAIN_STATE_LAPSED);
  EXPECT_THAT(Resolve("shop.example.com"), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(Audits(), audits + 1);
  const auto event = LastEvent<outbox::v1::AuditEvent>("audit");
  EXPECT_EQ(event.action(), "domain.lapse");
  EXPECT_EQ(event.workload(), "service/tenant-data");
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "domain.lapsed");
  EXPECT_EQ(change.data().fields().at("state").string_value(), "lapsed");
  // Nobody looks at it any more, until the tenant asks.
  EXPECT_EQ(LookAgainAfter(schedule_.recheck), 0);
  Publish(domain);
  ASSERT_OK_AND_ASSIGN(const v1::Domain again, Verify(a_, domain));
  EXPECT_EQ(again.state(), v1::DOMAIN_STATE_VERIFIED);
  EXPECT_EQ(again.failed_checks(), 0u);
  EXPECT_OK(Resolve("shop.example.com"));
}

TEST_F(DomainRecheckTest, AProofThatComesBackBeginsTheCountAnew) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  Withdraw(domain);
  EXPECT_EQ(LookAgainAfter(schedule_.recheck), 1);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  Publish(domain);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(GetDomain(a_, domain)->failed_checks(), 0u);
  Withdraw(domain);
  EXPECT_EQ(LookAgainAfter(schedule_.recheck), 1);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(GetDomain(a_, domain)->state(), v1::DOMAIN_STATE_VERIFIED);
}

TEST_F(DomainRecheckTest, SilenceOfDnsIsNoLoss) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  dns_.Stop();
  for (int i = 0; i < 5; ++i) LookAgainAfter(schedule_.recheck);
  ASSERT_OK_AND_ASSIGN(const v1::Domain seen, GetDomain(a_, domain));
  EXPECT_EQ(seen.state(), v1::DOMAIN_STATE_VERIFIED);
  EXPECT_EQ(seen.failed_checks(), 0u);
  EXPECT_EQ(seen.check_time().seconds(), domain.check_time().seconds());
}

TEST_F(DomainRecheckTest, SuspendedTenantsAreLookedAtToo) {
  const v1::Domain domain = Proved(a_, "shop.example.com");
  test_->SetTenantState(a_, "suspended");
  Withdraw(domain);
  EXPECT_EQ(LookAgainAfter(schedule_.recheck), 1);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  EXPECT_EQ(LookAgainAfter(schedule_.retry), 1);
  test_->SetTenantState(a_, "active");
  EXPECT_EQ(GetDomain(a_, domain)->state(), v1::DOMAIN_STATE_LAPSED);
}

TEST_F(DomainRecheckTest, ReplicasShareTheLooks) {
  for (const char* host : {"a.example.com", "b.example.com", "c.example.com"}) Proved(a_, host);
  clock_.Advance(schedule_.recheck);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  ASSERT_OK_AND_ASSIGN(const auto mine, domain_registry_->ClaimDue(deadline, absl::Minutes(5), 2));
  ASSERT_OK_AND_ASSIGN(const auto theirs,
                       domain_registry_->ClaimDue(deadline, absl::Minutes(5), 100));
  EXPECT_EQ(mine.size(), 2u);
  EXPECT_EQ(theirs.size(), 1u);
  // Whoever took them and is gone leaves them due again.
  EXPECT_EQ(LookAgainAfter(absl::Minutes(5)), 3);
}

TEST_F(DomainRecheckTest, TheDoorsSeeNoMoreThanTheyNeed) {
  Proved(a_, "shop.example.com");
  const auto as = [&](const char* role, const std::string& query) {
    return test_->QueryValue(std::string("SET SESSION AUTHORIZATION ") + role + "; " + query);
  };
  EXPECT_EQ(as("kasbah_tenant_data_upkeep", "SELECT count(domain_id) FROM tenant_data.domains"),
            "1");
  // The resolver's role sees hosts, and no tenant's list that it did not enter.
  EXPECT_EQ(as("kasbah_tenant_data_resolver", "SELECT count(*) FROM tenant_data.domains"), "0");
  for (const auto& [role, privilege] : std::vector<std::pair<std::string, std::string>>{
           {"kasbah_tenant_data_upkeep", "tenant_data.domains', 'nonce"},
           {"kasbah_tenant_data_upkeep", "tenant_data.domains', 'host"},
           {"kasbah_tenant_data_resolver", "core.tenants', 'display_name"},
           {"kasbah_tenant_data_registry", "tenant_data.domains', 'host"},
           {"kasbah_tenant_data_registry", "tenant_data.hosts', 'host"},
           {"kasbah_tenant_data", "tenant_data.hosts', 'host"}}) {
    EXPECT_EQ(test_->QueryValue("SELECT has_column_privilege('" + role + "', '" + privilege +
                                "', 'SELECT')"),
              "f")
        << role << " " << privilege;
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
