#include "services/audit/log/log_tiles.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {
namespace {

// Levels above this one have no hash in any log that fits 64 bits.
constexpr int kMostLevel = 7;

std::string Concatenated(const std::vector<merkle::Hash>& hashes) {
  std::string bytes;
  for (const merkle::Hash& hash : hashes) bytes.append(merkle::View(hash));
  return bytes;
}

// The whole of what was asked for, or nothing.
absl::StatusOr<std::string> ReadWhole(postgres::Transaction& tx, TenantId tenant, uint64_t size,
                                      const merkle::TilePath& path) {
  const uint64_t first = path.first();
  const uint64_t past = first + path.width;
  if (path.entries) {
    ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                     tree_store::ReadLeaves(tx, tenant, first, past).Await());
    if (leaves.size() != path.width) return std::string();
    return merkle::EntryBundle(leaves);
  }
  const uint64_t hashes = size >> (merkle::kTileHeight * path.level);
  if (hashes >= first + merkle::kTileWidth) {
    ASSIGN_OR_RETURN(const auto rows,
                     tree_store::ReadTiles(tx, tenant, {{path.level, path.index}}).Await());
    if (rows.empty()) return std::string();
    return rows.front().hashes.substr(0, path.width * sizeof(merkle::Hash));
  }
  std::vector<merkle::Hash> computed;
  if (path.level == 0) {
    ASSIGN_OR_RETURN(computed, tree_store::ReadLeafHashes(tx, tenant, first, past).Await());
  } else {
    ASSIGN_OR_RETURN(const auto roots,
                     tree_store::ReadRoots(tx, tenant, {{path.level, first, past}}).Await());
    for (const tree_store::RootRow& row : roots) computed.push_back(row.root);
  }
  return computed.size() == path.width ? Concatenated(computed) : std::string();
}

}  // namespace

absl::StatusOr<std::string> ReadTileFile(postgres::Transaction& tx, TenantId tenant, uint64_t size,
                                         const merkle::TilePath& path) {
  const int level = path.entries ? 0 : path.level;
  if (level > kMostLevel) return NotFound("tile");
  if (path.first() + path.width > size >> (merkle::kTileHeight * level)) return NotFound("tile");
  ASSIGN_OR_RETURN(std::string bytes, ReadWhole(tx, tenant, size, path));
  if (!bytes.empty()) return bytes;
  ASSIGN_OR_RETURN(const uint64_t start, tree_store::ReadStart(tx, tenant).Await());
  if (level == 0 && path.first() < start) return NotFound("tile");
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
               StrCat("the log is damaged: ", path.ToString(), " is missing"));
}

}  // namespace kasbah::audit
