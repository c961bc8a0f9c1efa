#include "services/audit/domain/log_growth.h"

#include <algorithm>
#include <utility>

namespace kasbah::audit {
namespace {

// How many hashes a tile level has in a log of `size`.
uint64_t WidthAt(uint64_t size, int level) { return size >> (merkle::kTileHeight * level); }

}  // namespace

std::vector<HashRange> RangesToFillTiles(uint64_t size, uint64_t count) {
  std::vector<HashRange> ranges;
  for (int level = 0; WidthAt(size + count, level + 1) > WidthAt(size, level + 1); ++level) {
    const uint64_t first = WidthAt(size, level + 1) * merkle::kTileWidth;
    const uint64_t past = WidthAt(size, level);
    if (first < past) ranges.push_back({level, first, past});
  }
  return ranges;
}

PlacedEvent LogGrowth::Append(merkle::Leaf leaf, absl::Time now) {
  // Microseconds are what both leaf and database keep.
  leaf.recorded_at =
      std::max(absl::FromUnixMicros(absl::ToUnixMicros(now)), head_.last_recorded_at);
  PlacedEvent placed{head_.size(), leaf.recorded_at, leaf.Serialize()};
  AppendLeaf(placed.leaf);
  head_.last_recorded_at = leaf.recorded_at;
  return placed;
}

uint64_t LogGrowth::AppendLeaf(std::string_view leaf) {
  const uint64_t place = head_.size();
  const merkle::Hash hash = merkle::LeafHash(leaf);
  leaf_hashes_.push_back(hash);
  head_.frontier.Append(hash, [this](int level, uint64_t index, const merkle::Hash& node) {
    if (level % merkle::kTileHeight != 0) return;
    expected_[{level / merkle::kTileHeight - 1, index}] = node;
  });
  return place;
}

LogHead LogGrowth::TakeHead() && {
  head_.root = head_.frontier.Root();
  return std::move(head_);
}

std::vector<FullTile> LogGrowth::Tiles(const StoredHashes& stored, bool* damaged) const {
  *damaged = false;
  std::vector<FullTile> tiles;
  std::vector<merkle::Hash> grown = leaf_hashes_;
  for (int level = 0; WidthAt(head_.size(), level + 1) > WidthAt(start_, level + 1); ++level) {
    const uint64_t first = WidthAt(start_, level + 1) * merkle::kTileWidth;
    std::vector<merkle::Hash> hashes;
    if (const auto it = stored.find(level); it != stored.end()) hashes = it->second;
    if (hashes.size() != WidthAt(start_, level) - first) {
      *damaged = true;
      return tiles;
    }
    hashes.insert(hashes.end(), grown.begin(), grown.end());
    const size_t before = tiles.size();
    if (!TilesOfLevel(level, std::move(hashes), first, &tiles)) {
      *damaged = true;
      return tiles;
    }
    grown.clear();
    for (size_t i = before; i < tiles.size(); ++i) grown.push_back(tiles[i].root);
  }
  return tiles;
}

// Cuts `hashes`, which start at number `first` of the level, into full tiles. False when one is not
// the tree's.
bool LogGrowth::TilesOfLevel(int level, std::vector<merkle::Hash> hashes, uint64_t first,
                             std::vector<FullTile>* tiles) const {
  const auto width = static_cast<std::ptrdiff_t>(merkle::kTileWidth);
  for (auto at = hashes.begin(); hashes.end() - at >= width; at += width) {
    const uint64_t index = first / merkle::kTileWidth +
                           static_cast<uint64_t>(at - hashes.begin()) / merkle::kTileWidth;
    const merkle::Tile tile(std::vector<merkle::Hash>(at, at + width));
    const auto expected = expected_.find({level, index});
    if (expected == expected_.end() || expected->second != tile.Root()) return false;
    tiles->push_back({level, index, tile.Serialize(), tile.Root()});
  }
  return true;
}

}  // namespace kasbah::audit
