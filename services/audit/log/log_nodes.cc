#include "services/audit/log/log_nodes.h"

#include <algorithm>
#include <set>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::audit {
namespace {

using merkle::kTileHeight;
using merkle::kTileWidth;

absl::Status Damaged(std::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED", StrCat("the log is damaged: ", what));
}

}  // namespace

LogNodes::Place LogNodes::PlaceOf(merkle::NodeId id) {
  Place place;
  place.height = id.level % kTileHeight;
  const uint64_t in_row = kTileWidth >> place.height;
  place.tile = {id.level / kTileHeight, id.index / in_row};
  place.index = id.index % in_row;
  return place;
}

uint64_t LogNodes::WidthOf(TileId tile) const {
  const uint64_t hashes = size_ >> (kTileHeight * tile.first);
  const uint64_t first = tile.second * kTileWidth;
  return hashes <= first ? 0 : std::min(kTileWidth, hashes - first);
}

absl::Status LogNodes::Load(postgres::Transaction& tx, const std::vector<merkle::NodeId>& nodes) {
  std::set<TileId> missing;
  for (const merkle::NodeId& node : nodes) {
    const TileId tile = PlaceOf(node).tile;
    if (!tiles_.contains(tile)) missing.insert(tile);
  }
  std::vector<TileId> full;
  std::vector<HashRange> edges;
  HashRange leaves;
  for (const TileId& tile : missing) {
    const uint64_t width = WidthOf(tile);
    if (width == 0) return absl::InternalError("a proof asked for a node that is not in the tree");
    const uint64_t first = tile.second * kTileWidth;
    if (width == kTileWidth) {
      full.push_back(tile);
    } else if (tile.first == 0) {
      leaves = {0, first, first + width};
    } else {
      edges.push_back({tile.first, first, first + width});
    }
  }
  if (missing.empty()) return absl::OkStatus();
  auto tile_rows = tree_store::ReadTiles(tx, owner_, full);
  auto root_rows = tree_store::ReadRoots(tx, owner_, edges);
  auto leaf_rows = tree_store::ReadLeafHashes(tx, owner_, leaves.first, leaves.past);

  ASSIGN_OR_RETURN(const std::vector<tree_store::TileRow> stored, tile_rows.Await());
  if (stored.size() != full.size()) return Damaged("a tile is missing");
  for (const tree_store::TileRow& row : stored) {
    ASSIGN_OR_RETURN(merkle::Tile tile, merkle::Tile::Parse(row.hashes));
    tiles_.emplace(TileId{row.level, row.index}, std::move(tile));
  }
  ASSIGN_OR_RETURN(const std::vector<tree_store::RootRow> roots, root_rows.Await());
  for (const HashRange& edge : edges) {
    std::vector<merkle::Hash> hashes;
    for (const tree_store::RootRow& row : roots) {
      if (row.level == edge.level) hashes.push_back(row.root);
    }
    RETURN_IF_ERROR(KeepTile({edge.level, edge.first / kTileWidth}, std::move(hashes)));
  }
  ASSIGN_OR_RETURN(std::vector<merkle::Hash> leaf_hashes, leaf_rows.Await());
  if (leaves.past > leaves.first) {
    RETURN_IF_ERROR(KeepTile({0, leaves.first / kTileWidth}, std::move(leaf_hashes)));
  }
  return absl::OkStatus();
}

absl::Status LogNodes::KeepTile(TileId id, std::vector<merkle::Hash> hashes) {
  if (hashes.size() != WidthOf(id)) {
    return Damaged(id.first == 0 ? "a leaf is missing" : "a tile is missing");
  }
  tiles_.emplace(id, merkle::Tile(std::move(hashes)));
  return absl::OkStatus();
}

absl::StatusOr<merkle::Hash> LogNodes::Node(merkle::NodeId id) {
  const Place place = PlaceOf(id);
  const auto tile = tiles_.find(place.tile);
  if (tile == tiles_.end()) return absl::InternalError("a node of a proof was not loaded");
  return tile->second.Node(place.height, place.index);
}

void LogNodes::ForgetLeavesBefore(uint64_t sequence) {
  tiles_.erase(tiles_.begin(), tiles_.lower_bound({0, sequence / kTileWidth}));
}

}  // namespace kasbah::audit
