#include "services/tenant_data/placement/shard_map.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/placement/placement_store.h"

namespace kasbah::tenantdata {

using postgres::Database;
using postgres::Transaction;

absl::StatusOr<Database*> ShardMap::DatabaseOf(std::string_view shard) const {
  const Shard* const found = shards_.Find(shard);
  if (found != nullptr) return found->database.get();
  return WithRetryDelay(
      Error(absl::StatusCode::kUnavailable, "SHARD_UNKNOWN",
            StrCat("records are in database ", shard, ", which this process was not told of")),
      absl::Seconds(5));
}

absl::Status ShardMap::Load(absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::vector<PlacementStore::Placed> placed,
                   shards_.home().mover->Run(
                       deadline, [](Transaction& tx) { return PlacementStore::ListAway(tx); }));
  absl::flat_hash_map<TenantId, Database*> away;
  for (const PlacementStore::Placed& one : placed) {
    ASSIGN_OR_RETURN(away[one.tenant], DatabaseOf(one.shard));
  }
  absl::MutexLock lock(&mutex_);
  away_ = std::move(away);
  return absl::OkStatus();
}

absl::StatusOr<Database*> ShardMap::Find(TenantId tenant) {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = away_.find(tenant);
  return found == away_.end() ? nullptr : found->second;
}

absl::Status ShardMap::Refresh(TenantId tenant, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string shard,
                   shards_.home().mover->Run(deadline, [&](Transaction& tx) {
                     return PlacementStore::ShardOf(tx, tenant);
                   }));
  ASSIGN_OR_RETURN(Database* const database, DatabaseOf(shard));
  absl::MutexLock lock(&mutex_);
  if (database == nullptr) {
    away_.erase(tenant);
  } else {
    away_[tenant] = database;
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
