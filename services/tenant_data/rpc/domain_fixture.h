#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "libs/dns/txt_resolver.h"
#include "libs/testing/dns_server.h"
#include "services/tenant_data/rpc/domain_service.h"
#include "services/tenant_data/rpc/resolver_service.h"
#include "services/tenant_data/rpc/tenant_data_server_fixture.h"

namespace kasbah::tenantdata {

inline constexpr char kBaseDomain[] = "kasbah.de";

// Domains behind the real pipeline, with a DNS server of the test's own and a clock that stands.
class DomainServerTest : public TenantDataServerTest {
 protected:
  using Domains = v1::DomainService::Stub;
  using Resolver = v1::ResolverService::Stub;

  std::vector<grpc::Service*> MoreServices(rpc::Pipeline& pipeline) override {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    resolver_door_ = *postgres::Door::Open(test_->Pool("kasbah_tenant_data_resolver"),
                                           postgres::DoorToken::HostResolver(), deadline);
    upkeep_door_ = *postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                         postgres::DoorToken::TenantDataUpkeep(), deadline);
    txt_ = *dns::TxtResolver::Create({dns_.address(), absl::Seconds(4)});
    domain_registry_ =
        std::make_unique<DomainRegistry>(DomainRegistry::Options{kBaseDomain, schedule_},
                                         *resolver_door_, *upkeep_door_, outbox_, hosts_, clock_);
    checker_ = std::make_unique<DomainChecker>(*domain_registry_, *txt_);
    resolver_ = std::make_unique<HostResolver>(kBaseDomain, *resolver_door_, hosts_);
    domain_service_ = std::make_unique<DomainService>(pipeline, *domain_registry_, *checker_);
    resolver_service_ = std::make_unique<ResolverService>(pipeline, *resolver_);
    return {domain_service_.get(), resolver_service_.get()};
  }

  absl::StatusOr<v1::Domain> CreateDomain(TenantId tenant, const std::string& host) {
    v1::CreateDomainRequest request;
    request.set_host(host);
    return AsUser(tenant, &Domains::CreateDomain, request);
  }
  absl::StatusOr<v1::Domain> Verify(TenantId tenant, const v1::Domain& domain) {
    v1::VerifyDomainRequest request;
    request.set_domain_id(domain.domain_id());
    return AsUser(tenant, &Domains::VerifyDomain, request);
  }
  absl::StatusOr<v1::Domain> GetDomain(TenantId tenant, const v1::Domain& domain) {
    v1::GetDomainRequest request;
    request.set_domain_id(domain.domain_id());
    return AsUser(tenant, &Domains::GetDomain, request);
  }
  absl::Status DeleteDomain(TenantId tenant, const v1::Domain& domain) {
    v1::DeleteDomainRequest request;
    request.set_domain_id(domain.domain_id());
    return AsUser(tenant, &Domains::DeleteDomain, request).status();
  }
  absl::StatusOr<v1::ResolveTenantResponse> Resolve(const std::string& host) {
    v1::ResolveTenantRequest request;
    request.set_host(host);
    return As("service/gateway", TenantId(), &Resolver::ResolveTenant, request);
  }

  void Publish(const v1::Domain& domain) {
    dns_.Publish(domain.challenge().name(), {domain.challenge().value()});
  }
  void Withdraw(const v1::Domain& domain) { dns_.Withdraw(domain.challenge().name()); }

  // Claimed, published and proved.
  v1::Domain Proved(TenantId tenant, const std::string& host) {
    const auto claimed = CreateDomain(tenant, host);
    EXPECT_OK(claimed);
    Publish(*claimed);
    const auto verified = Verify(tenant, *claimed);
    EXPECT_OK(verified);
    return *verified;
  }

  // What is due after `passed`, is looked at; how many domains there were.
  int LookAgainAfter(absl::Duration passed) {
    clock_.Advance(passed);
    const auto looked = checker_->RunOnce();
    EXPECT_OK(looked);
    return looked.value_or(-1);
  }

  const CheckSchedule schedule_;
  testing::DnsServer dns_;
  std::unique_ptr<postgres::Door> resolver_door_;
  std::unique_ptr<postgres::Door> upkeep_door_;
  std::unique_ptr<dns::TxtResolver> txt_;
  std::unique_ptr<DomainRegistry> domain_registry_;
  std::unique_ptr<DomainChecker> checker_;
  std::unique_ptr<HostResolver> resolver_;
  std::unique_ptr<DomainService> domain_service_;
  std::unique_ptr<ResolverService> resolver_service_;
};

}  // namespace kasbah::tenantdata
