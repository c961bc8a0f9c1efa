#include "services/tenant_data/store/host_resolver.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/host_name.h"
#include "services/tenant_data/domain/slug.h"
#include "services/tenant_data/store/host_store.h"

namespace kasbah::tenantdata {

absl::StatusOr<HostOwner> HostResolver::Resolve(std::string_view text, absl::Time deadline) {
  const std::optional<std::string> host = NormaliseHost(text);
  if (!host) return NotFound("host");
  std::optional<std::optional<HostOwner>> owner = cache_.Find(*host);
  if (!owner) {
    const uint64_t generation = cache_.generation();
    ASSIGN_OR_RETURN(owner, Read(*host, deadline));
    cache_.Put(*host, *owner, generation);
  }
  if (!*owner) return NotFound("host");
  return **owner;
}

absl::StatusOr<std::optional<HostOwner>> HostResolver::Read(const std::string& host,
                                                            absl::Time deadline) {
  if (base_domain_.empty() || !IsWithin(host, base_domain_)) {
    return door_.Run(deadline,
                     [&](postgres::Transaction& tx) { return HostStore::FindByHost(tx, host); });
  }
  const std::optional<std::string> slug = SubdomainOf(host, base_domain_);
  // Also keeps a tenant that was there before its name became reserved from posing as us.
  if (!slug || !CheckSlug(*slug).ok()) return std::optional<HostOwner>();
  return door_.Run(deadline,
                   [&](postgres::Transaction& tx) { return HostStore::FindBySlug(tx, *slug); });
}

}  // namespace kasbah::tenantdata
