#include "services/tenant_data/placement/shard_copies.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/placement/placement_store.h"
#include "services/tenant_data/placement/tenant_copy_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;
using Copies = TenantCopyStore;

absl::Status Unknown(std::string_view shard) {
  return WithRetryDelay(
      Error(absl::StatusCode::kUnavailable, "SHARD_UNKNOWN",
            StrCat("records are in database ", shard, ", which this process was not told of")),
      absl::Seconds(5));
}

}  // namespace

absl::Status ShardCopies::Push(const Tenant& tenant, absl::Time deadline) {
  // A name must be gone from where the tenant once was, too.
  const auto copied = tenant.erased ? PlacementStore::Copied::kEver : PlacementStore::Copied::kNow;
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   shards_.home().mover->Run(deadline, [&](Transaction& tx) {
                     return PlacementStore::ShardsWithCopy(tx, tenant.id, copied);
                   }));
  for (const std::string& name : names) {
    Shard* const shard = shards_.Find(name);
    if (shard == nullptr) return Unknown(name);
    RETURN_IF_ERROR(shard->mover->Run(deadline, [&](Transaction& tx) -> absl::Status {
      Copies::Push(tx, tenant);
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ShardCopies::Repair(absl::Time deadline) {
  postgres::Door& home = *shards_.home().mover;
  ASSIGN_OR_RETURN(const auto placed, home.Run(deadline, [](Transaction& tx) {
    return PlacementStore::ListAway(tx);
  }));
  std::map<std::string, std::vector<TenantId>> tenants_of;
  for (const auto& one : placed) tenants_of[one.shard].push_back(one.tenant);
  int repaired = 0;
  absl::Status first;
  for (const auto& [name, tenants] : tenants_of) {
    Shard* const shard = shards_.Find(name);
    if (shard == nullptr) return Unknown(name);
    const auto versions = [&, &ids = tenants](postgres::Door& door) {
      return door.Run(deadline, [&](Transaction& tx) { return Copies::Versions(tx, ids); });
    };
    const auto there = versions(*shard->mover);
    ASSIGN_OR_RETURN(const auto here, versions(home));
    // The other shards are looked at all the same.
    first.Update(there.status());
    if (!there.ok()) continue;
    std::vector<Copies::Version> differing;
    std::set_difference(here.begin(), here.end(), there->begin(), there->end(),
                        std::back_inserter(differing));
    for (const Copies::Version& one : differing) {
      first.Update(home.Run(deadline, [&](Transaction& at_home) -> absl::Status {
        ASSIGN_OR_RETURN(const Tenant tenant, Copies::Hold(at_home, one.tenant).Await());
        return shard->mover->Run(deadline, [&](Transaction& tx) -> absl::Status {
          Copies::Put(tx, tenant);
          return absl::OkStatus();
        });
      }));
      ++repaired;
    }
  }
  RETURN_IF_ERROR(first);
  return repaired;
}

}  // namespace kasbah::tenantdata
