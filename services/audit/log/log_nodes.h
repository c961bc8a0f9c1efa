#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "libs/merkle/proof.h"
#include "libs/merkle/tile.h"
#include "libs/postgres/transaction.h"
#include "services/audit/store/tree_store.h"

namespace kasbah::audit {

// The nodes of one tree at one size, read a few tiles at a time: full tiles are stored,
// the ones at the right edge are worked out from the tiles and leaves below. Not thread safe.
class LogNodes : public merkle::NodeSource {
 public:
  LogNodes(TreeOwner owner, uint64_t size) : owner_(owner), size_(size) {}

  // Fetches what `nodes` need and is not here yet, in one round trip. DATA_LOSS, LOG_DAMAGED, when
  // tiles or leaves are missing.
  absl::Status Load(postgres::Transaction& tx, const std::vector<merkle::NodeId>& nodes);

  // Of loaded tiles.
  absl::StatusOr<merkle::Hash> Node(merkle::NodeId id) override;

  // Drops the tiles of leaves before `sequence`: an export has passed them.
  void ForgetLeavesBefore(uint64_t sequence);

 private:
  using TileId = std::pair<int, uint64_t>;
  // The tile that holds a node, and where in it.
  struct Place {
    TileId tile;
    int height = 0;
    uint64_t index = 0;
  };
  static Place PlaceOf(merkle::NodeId id);
  uint64_t WidthOf(TileId tile) const;
  absl::Status KeepTile(TileId id, std::vector<merkle::Hash> hashes);

  TreeOwner owner_;
  uint64_t size_;
  std::map<TileId, merkle::Tile> tiles_;
};

}  // namespace kasbah::audit
