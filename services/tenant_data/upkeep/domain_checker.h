#pragma once

#include "absl/status/statusor.h"
#include "libs/dns/txt_resolver.h"
#include "services/tenant_data/store/domain_registry.h"

namespace kasbah::tenantdata {

// Looks at DNS for the proofs of domains: when a tenant asks, and again from time to time as long
// as a domain is verified. Lookups happen outside of any transaction. Thread safe.
class DomainChecker {
 public:
  DomainChecker(DomainRegistry& registry, const dns::TxtResolver& dns)
      : registry_(registry), dns_(dns) {}

  // FAILED_PRECONDITION, DOMAIN_UNPROVED, when DNS answers without the proof; UNAVAILABLE,
  // DNS_FAILED, when it does not answer; what DomainRegistry::Verify says.
  absl::StatusOr<Domain> Verify(const CallContext& call, DomainId id);

  // Looks at verified domains whose time has come, of suspended tenants too; how many there were.
  // Replicas may do this at once.
  absl::StatusOr<int> RunOnce();

 private:
  DomainRegistry& registry_;
  const dns::TxtResolver& dns_;
};

}  // namespace kasbah::tenantdata
