#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/host_cache.h"

namespace kasbah::tenantdata {

// Whose a host is: by its slug below the base domain, or by a verified domain of its own. Thread
// safe.
class HostResolver {
 public:
  // `door` is the resolver's. An empty base domain: custom domains alone.
  HostResolver(std::string base_domain, postgres::Door& door, HostCache& cache)
      : base_domain_(std::move(base_domain)), door_(door), cache_(cache) {}

  // NOT_FOUND for whatever is nobody's: unknown, unproved, reserved, more than one label below the
  // base domain, not a host at all.
  absl::StatusOr<HostOwner> Resolve(std::string_view host, absl::Time deadline);
  // The same without the database; nullopt where it must be asked. Never blocks.
  std::optional<absl::StatusOr<HostOwner>> FindCached(std::string_view host) const;

 private:
  absl::StatusOr<std::optional<HostOwner>> Read(const std::string& host, absl::Time deadline);

  const std::string base_domain_;
  postgres::Door& door_;
  HostCache& cache_;
};

}  // namespace kasbah::tenantdata
