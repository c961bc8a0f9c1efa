#include "services/audit/store/tree_store.h"

#include <utility>

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

constexpr Statement kReadStart = {"tree.read_start",
                                  "SELECT min_index FROM audit.log_head WHERE tenant_id = $1"};

constexpr Statement kReadSystemTiles = {"tree.read_system_tiles", R"sql(
  SELECT t.level, t.n, t.hashes
  FROM unnest($1, $2) AS wanted (level, n)
  JOIN audit.system_tile t ON t.level = wanted.level AND t.n = wanted.n)sql"};

constexpr Statement kReadSystemRoots = {"tree.read_system_roots", R"sql(
  SELECT wanted.level, t.root
  FROM unnest($1, $2, $3) AS wanted (level, first, past)
  JOIN audit.system_tile t ON t.level = wanted.level - 1 AND t.n >= wanted.first
    AND t.n < wanted.past
  ORDER BY wanted.level, t.n)sql"};

constexpr Statement kReadSystemLeaves = {"tree.read_system_leaves", R"sql(
  SELECT leaf FROM audit.system_entry
  WHERE seq >= $1 AND seq < $2
  ORDER BY seq)sql"};

}  // namespace

postgres::Pending<std::vector<TileRow>> ReadTiles(
    postgres::Transaction& tx, TreeOwner owner,
    const std::vector<std::pair<int, uint64_t>>& tiles) {
  std::vector<int64_t> levels;
  std::vector<uint64_t> indexes;
  for (const auto& [level, index] : tiles) {
    levels.push_back(level);
    indexes.push_back(index);
  }
  auto found = owner ? tx.Run(kReadTiles, *owner, levels, indexes)
                     : tx.Run(kReadSystemTiles, levels, indexes);
  return std::move(found).Map([](const postgres::Result& result) {
    std::vector<TileRow> rows;
    for (const postgres::Row row : result) {
      rows.push_back({row.Get<int>(0), row.Get<uint64_t>(1), row.Get<std::string>(2)});
    }
    return rows;
  });
}

postgres::Pending<std::vector<RootRow>> ReadRoots(postgres::Transaction& tx, TreeOwner owner,
                                                  const std::vector<HashRange>& ranges) {
  std::vector<int64_t> levels;
  std::vector<uint64_t> first;
  std::vector<uint64_t> past;
  for (const HashRange& range : ranges) {
    levels.push_back(range.level);
    first.push_back(range.first);
    past.push_back(range.past);
  }
  auto found = owner ? tx.Run(kReadRoots, *owner, levels, first, past)
                     : tx.Run(kReadSystemRoots, levels, first, past);
  return std::move(found).Map(
      [](const postgres::Result& result) -> absl::StatusOr<std::vector<RootRow>> {
        std::vector<RootRow> rows;
        for (const postgres::Row row : result) {
          ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(row.Get<std::string>(1)));
          rows.push_back({row.Get<int>(0), root});
        }
        return rows;
      });
}

postgres::Pending<std::vector<std::string>> ReadLeaves(postgres::Transaction& tx, TreeOwner owner,
                                                       uint64_t first, uint64_t past) {
  auto rows =
      owner ? tx.Run(kReadLeaves, *owner, first, past) : tx.Run(kReadSystemLeaves, first, past);
  return std::move(rows).Map([](const postgres::Result& result) {
    std::vector<std::string> leaves;
    for (const postgres::Row row : result) leaves.push_back(row.Get<std::string>(0));
    return leaves;
  });
}

postgres::Pending<std::vector<merkle::Hash>> ReadLeafHashes(postgres::Transaction& tx,
                                                            TreeOwner owner, uint64_t first,
                                                            uint64_t past) {
  return ReadLeaves(tx, owner, first, past).Map([](const std::vector<std::string>& leaves) {
    std::vector<merkle::Hash> hashes;
    for (const std::string& leaf : leaves) hashes.push_back(merkle::LeafHash(leaf));
    return hashes;
  });
}

postgres::Pending<uint64_t> ReadStart(postgres::Transaction& tx, TenantId tenant) {
  return tx.Run(kReadStart, tenant).Map([](const postgres::Result& result) {
    return result.empty() ? uint64_t{0} : result[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::audit::tree_store
