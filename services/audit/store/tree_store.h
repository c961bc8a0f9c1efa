#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/audit/domain/log_growth.h"

namespace kasbah::audit {

// Whose tree: a tenant's, read in its scope or through the ingest door; without one the system log,
// through the ingest door alone.
using TreeOwner = std::optional<TenantId>;

// Tiles and leaves of one tree: what proofs are built of. Stateless.
namespace tree_store {

struct TileRow {
  int level = 0;
  uint64_t index = 0;
  std::string hashes;
};
struct RootRow {
  // Of the level one up from the tile's.
  int level = 0;
  merkle::Hash root{};
};

// The full tiles among (level, index) that are stored.
postgres::Pending<std::vector<TileRow>> ReadTiles(
    postgres::Transaction& tx, TreeOwner owner, const std::vector<std::pair<int, uint64_t>>& tiles);

// Hashes of the ranges' levels, 1 and above, in order of level and number.
postgres::Pending<std::vector<RootRow>> ReadRoots(postgres::Transaction& tx, TreeOwner owner,
                                                  const std::vector<HashRange>& ranges);

// Hashes of the leaves [first, past), in order.
postgres::Pending<std::vector<merkle::Hash>> ReadLeafHashes(postgres::Transaction& tx,
                                                            TreeOwner owner, uint64_t first,
                                                            uint64_t past);

// The leaves themselves.
postgres::Pending<std::vector<std::string>> ReadLeaves(postgres::Transaction& tx, TreeOwner owner,
                                                       uint64_t first, uint64_t past);

// The first event of a tenant's log that is not pruned; in its scope.
postgres::Pending<uint64_t> ReadStart(postgres::Transaction& tx, TenantId tenant);

}  // namespace tree_store
}  // namespace kasbah::audit
