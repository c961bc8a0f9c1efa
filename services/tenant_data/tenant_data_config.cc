#include "services/tenant_data/tenant_data_config.h"

#include "services/tenant_data/domain/host_name.h"

namespace kasbah::tenantdata {

void TenantDataConfig::Read(config::Section& section) {
  service.Read(section);
  service::ReadPool(section.Child("registry", "the role that keeps the list of tenants"),
                    &registry);
  service::ReadPool(section.Child("resolver", "the role that knows whose a host is"), &resolver);
  service::ReadPool(section.Child("upkeep", "the role that sees which domains are due for a look"),
                    &upkeep);
  section.Field("base_domain", &base_domain,
                "Tenants answer below it by their slugs; empty: by custom domains alone");
  if (!base_domain.empty() && NormaliseHost(base_domain) != base_domain) {
    section.AddError("base_domain", "must be a domain in lower case, without a dot at the end");
  }
  config::Section& lookups = section.Child("dns", "How proofs of custom domains are looked up");
  lookups.Field("resolver", &dns.resolver,
                "Recursive resolvers, such as 10.0.0.53:53; empty: those of /etc/resolv.conf");
  lookups.Field("timeout", &dns.timeout, "For one lookup, repeats included")
      .Between(absl::Milliseconds(100), absl::Seconds(30));
  lookups.Field("recheck", &checks.recheck, "How often a verified domain is looked at again")
      .Between(absl::Seconds(1), absl::Hours(24 * 7));
  lookups.Field("retry", &checks.retry, "When again after a look that found no proof")
      .Between(absl::Seconds(1), absl::Hours(24));
  if (const auto made = dns::TxtResolver::Create(dns); !made.ok()) {
    lookups.AddError("resolver", std::string(made.status().message()));
  }
}

}  // namespace kasbah::tenantdata
