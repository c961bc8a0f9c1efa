#include "services/audit/store/tree_store.h"

#include "libs/base/status_macros.h"

namespace kasbah::audit::tree_store {
namespace {

using postgres::Statement;

constexpr Statement kReadTiles = {"tree.read_tiles", R"sql(
  SELECT t.level, t.n, t.hashes
  FROM unnest($2, $3) AS wanted (level, n)
  JOIN audit.tile t ON t.tenant_id = $1 AND t.level = wanted.level AND t.n = wanted.n)sql"};

constexpr Statement kReadRoots = {"tree.read_roots", R"sql(
  SELECT wanted.level, t.root
  FROM unnest($2, $3, $4) AS wanted (level, first, past)
  JOIN audit.tile t ON t.tenant_id = $1 AND t.level = wanted.level - 1
    AND t.n >= wanted.first AND t.n < wanted.past
  ORDER BY wanted.level, t.n)sql"};

constexpr Statement kReadLeaves = {"tree.read_leaves", R"sql(
  SELECT leaf FROM audit.leaf
  WHERE tenant_id = $1 AND seq >= $2 AND seq < $3
  ORDER BY seq)sql"};

}  // namespace

postgres::Pending<std::vector<TileRow>> ReadTiles(
    postgres::Transaction& tx, TenantId tenant,
    const std::vector<std::pair<int, uint64_t>>& tiles) {
  std::vector<int64_t> levels;
  std::vector<uint64_t> indexes;
  for (const auto& [level, index] : tiles) {
    levels.push_back(level);
    indexes.push_back(index);
  }
  return tx.Run(kReadTiles, tenant, levels, indexes).Map([](const postgres::Result& result) {
    std::vector<TileRow> rows;
    for (const postgres::Row row : result) {
      rows.push_back({row.Get<int>(0), row.Get<uint64_t>(1), row.Get<std::string>(2)});
    }
    return rows;
  });
}

postgres::Pending<std::vector<RootRow>> ReadRoots(postgres::Transaction& tx, TenantId tenant,
                                                  const std::vector<HashRange>& ranges) {
  std::vector<int64_t> levels;
  std::vector<uint64_t> first;
  std::vector<uint64_t> past;
  for (const HashRange& range : ranges) {
    levels.push_back(range.level);
    first.push_back(range.first);
    past.push_back(range.past);
  }
  return tx.Run(kReadRoots, tenant, levels, first, past)
      .Map([](const postgres::Result& result) -> absl::StatusOr<std::vector<RootRow>> {
        std::vector<RootRow> rows;
        for (const postgres::Row row : result) {
          ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(row.Get<std::string>(1)));
          rows.push_back({row.Get<int>(0), root});
        }
        return rows;
      });
}

postgres::Pending<std::vector<merkle::Hash>> ReadLeafHashes(postgres::Transaction& tx,
                                                            TenantId tenant, uint64_t first,
                                                            uint64_t past) {
  return tx.Run(kReadLeaves, tenant, first, past).Map([](const postgres::Result& result) {
    std::vector<merkle::Hash> hashes;
    for (const postgres::Row row : result) {
      hashes.push_back(merkle::LeafHash(row.Get<std::string>(0)));
    }
    return hashes;
  });
}

}  // namespace kasbah::audit::tree_store
