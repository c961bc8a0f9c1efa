#pragma once

#include "services/tenant_data/placement/shards.h"
#include "services/tenant_data/store/tenant_copies.h"

namespace kasbah::tenantdata {

// Keeps the rows of core.tenants that shards have like those at home. Thread safe.
class ShardCopies final : public TenantCopies {
 public:
  explicit ShardCopies(Shards& shards) : shards_(shards) {}

  absl::Status Push(const Tenant& tenant, absl::Time deadline) override;

  // Compares all copies of tenants whose records are away with home, and has them as they are
  // there: what a change that ended half way left. How many there were.
  absl::StatusOr<int> Repair(absl::Time deadline);

 private:
  Shards& shards_;
};

}  // namespace kasbah::tenantdata
