#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// A tile holds 256 neighbouring hashes of every eighth level of a tree (C2SP tlog-tiles): tile
// `index` of level L holds the roots of the subtrees of 256^L leaves, from number 256 * index on.
// At the right edge it holds fewer.
inline constexpr uint64_t kTileWidth = 256;
inline constexpr int kTileHeight = 8;

// One tile with the nodes between its hashes worked out, so that each proof through it costs
// look-ups only. Immutable.
class Tile {
 public:
  // 1 to 256 hashes of 32 bytes, in order. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<Tile> Parse(std::string_view hashes);
  explicit Tile(std::vector<Hash> hashes);

  uint64_t width() const { return rows_[0].size(); }
  // The node `height` rows above the tile's hashes (0 to 8), `index` within the tile.
  // INVALID_ARGUMENT where the tile is not wide enough to know it.
  absl::StatusOr<Hash> Node(int height, uint64_t index) const;
  // Of a full tile; crashes for another.
  const Hash& Root() const;
  std::string Serialize() const;

 private:
  // rows_[h] holds the perfect subtrees of 2^h of the tile's hashes.
  std::vector<std::vector<Hash>> rows_;
};

}  // namespace kasbah::merkle
