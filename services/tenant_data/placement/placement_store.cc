#include "services/tenant_data/placement/placement_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kListAway{"placements.list_away",
                              "SELECT tenant_id, shard FROM tenant_data.placements"};

constexpr Statement kShardOf{"placements.shard_of",
                             "SELECT coalesce((SELECT shard FROM tenant_data.placements "
                             "WHERE tenant_id = $1), 'main')"};

constexpr Statement kPlace{"placements.place",
                           "INSERT INTO tenant_data.placements (tenant_id, shard, placed_at) "
                           "VALUES ($1, $2, now()) ON CONFLICT (tenant_id) "
                           "DO UPDATE SET shard = excluded.shard, placed_at = excluded.placed_at",
                           Access::kWrite};
constexpr Statement kPlaceHome{"placements.place_home",
                               "DELETE FROM tenant_data.placements WHERE tenant_id = $1",
                               Access::kWrite};

constexpr Statement kCount{"placements.count", R"sql(
SELECT shard, count(*) FROM tenant_data.placements GROUP BY shard
UNION ALL
SELECT 'main', count(*) FROM core.tenants t WHERE t.slug <> '-system'
  AND NOT EXISTS (SELECT FROM tenant_data.placements p WHERE p.tenant_id = t.tenant_id))sql"};

constexpr Statement kShardsWithCopy{"placements.shards_with_copy", R"sql(
SELECT shard FROM (
  SELECT shard FROM tenant_data.placements WHERE tenant_id = $1
  UNION SELECT unnest(ARRAY[source, target]) FROM tenant_data.moves
        WHERE tenant_id = $1 AND ($2 OR finished_at IS NULL)) s
WHERE shard <> 'main' ORDER BY shard)sql"};

}  // namespace

Pending<std::vector<PlacementStore::Placed>> PlacementStore::ListAway(Transaction& tx) {
  return tx.Run(kListAway).Map([](const Result& rows) {
    std::vector<Placed> placed;
    for (const Row& row : rows) placed.push_back({row.Get<TenantId>(0), row.Get<std::string>(1)});
    return placed;
  });
}

Pending<std::string> PlacementStore::ShardOf(Transaction& tx, TenantId tenant) {
  return tx.RunForOne(
      kShardOf, "tenant", [](const Row& row) { return row.Get<std::string>(0); }, tenant);
}

void PlacementStore::Place(Transaction& tx, TenantId tenant, std::string_view shard) {
  if (shard == kHomeShard) {
    tx.Run(kPlaceHome, tenant);
  } else {
    tx.Run(kPlace, tenant, shard);
  }
}

Pending<std::vector<PlacementStore::Population>> PlacementStore::Count(Transaction& tx) {
  return tx.Run(kCount).Map([](const Result& rows) {
    std::vector<Population> counts;
    for (const Row& row : rows) counts.push_back({row.Get<std::string>(0), row.Get<int64_t>(1)});
    return counts;
  });
}

Pending<std::vector<std::string>> PlacementStore::ShardsWithCopy(Transaction& tx, TenantId tenant,
                                                                 Copied copied) {
  return tx.Run(kShardsWithCopy, tenant, copied == Copied::kEver).Map([](const Result& rows) {
    std::vector<std::string> shards;
    for (const Row& row : rows) shards.push_back(row.Get<std::string>(0));
    return shards;
  });
}

}  // namespace kasbah::tenantdata
