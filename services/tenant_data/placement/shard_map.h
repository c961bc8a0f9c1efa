#pragma once

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/placement/shards.h"

namespace kasbah::tenantdata {

// Where tenants' records are, for every transaction of this process: those that are not at home, in
// memory, so that finding a tenant costs no round trip. Nothing here ends by time: a database that
// does not have a tenant's records refuses it, and then this looks again. Thread safe.
class ShardMap final : public postgres::Placement {
 public:
  explicit ShardMap(Shards& shards) : shards_(shards) {}

  // All of it. FAILED_PRECONDITION, SHARD_UNKNOWN, where records are in a database that this
  // process has not been told of.
  absl::Status Load(absl::Time deadline);

  absl::StatusOr<postgres::Database*> Find(TenantId tenant) override;
  // As Load for one tenant; what is known of it stays when home does not answer.
  absl::Status Refresh(TenantId tenant, absl::Time deadline) override;

 private:
  absl::StatusOr<postgres::Database*> DatabaseOf(std::string_view shard) const;

  Shards& shards_;
  absl::Mutex mutex_;
  absl::flat_hash_map<TenantId, postgres::Database*> away_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::tenantdata
