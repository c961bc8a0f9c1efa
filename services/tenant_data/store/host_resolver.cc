#include "services/tenant_data/store/host_resolver.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/host_name.h"
#include "services/tenant_data/domain/slug.h"
#include "services/tenant_data/store/host_store.h"

namespace kasbah::tenantdata {
namespace {

absl::StatusOr<HostOwner> OrNotFound(const std::optional<HostOwner>& owner) {
  if (!owner) return NotFound("host");
  return *owner;
}

}  // namespace

absl::StatusOr<HostOwner> HostResolver::Resolve(std::string_view text, absl::Time deadline) {
  if (std::optional<absl::StatusOr<HostOwner>> cached = FindCached(text)) return *std::move(cached);
  const std::string host = *NormaliseHost(text);
  const uint64_t generation = cache_.generation();
  ASSIGN_OR_RETURN(const std::optional<HostOwner> owner, Read(host, deadline));
  cache_.Put(host, owner, generation);
  return OrNotFound(owner);
}

std::optional<absl::StatusOr<HostOwner>> HostResolver::FindCached(std::string_view text) const {
  const std::optional<std::string> host = NormaliseHost(text);
  if (!host) return OrNotFound(std::nullopt);
  const std::optional<std::optional<HostOwner>> owner = cache_.Find(*host);
  if (!owner) return std::nullopt;
  return OrNotFound(*owner);
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
