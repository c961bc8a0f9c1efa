#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/placement/move.h"

namespace kasbah::tenantdata {

// tenant_data.placements at home, through the mover's door.
class PlacementStore {
 public:
  struct Placed {
    TenantId tenant;
    std::string shard;
  };
  // Every tenant whose records are not at home.
  static postgres::Pending<std::vector<Placed>> ListAway(postgres::Transaction& tx);
  // kHomeShard for everybody else.
  static postgres::Pending<std::string> ShardOf(postgres::Transaction& tx, TenantId tenant);
  // From the commit on this is where the tenant's records are.
  static void Place(postgres::Transaction& tx, TenantId tenant, std::string_view shard);

  struct Population {
    std::string shard;
    int64_t tenants = 0;
  };
  // How many tenants have their records where; of all there are, home has the rest.
  static postgres::Pending<std::vector<Population>> Count(postgres::Transaction& tx);
  // The databases, but home, that have a row of the tenant: now that matters, for its records or a
  // copy that is being made, or ever, since a row stays when the records go.
  enum class Copied { kNow, kEver };
  static postgres::Pending<std::vector<std::string>> ShardsWithCopy(postgres::Transaction& tx,
                                                                    TenantId tenant, Copied copied);
};

}  // namespace kasbah::tenantdata
