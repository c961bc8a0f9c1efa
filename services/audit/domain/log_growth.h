#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/proof.h"
#include "libs/merkle/tile.h"
#include "libs/merkle/tree.h"

namespace kasbah::audit {

// Where a tenant's log stands.
struct LogHead {
  TenantId tenant;
  merkle::Frontier frontier;
  merkle::Hash root = merkle::EmptyRoot();
  absl::Time last_recorded_at = absl::UnixEpoch();

  uint64_t size() const { return frontier.size(); }
};

// Stored hashes that are needed to complete tiles: numbers [first, past) of a tile level. Those of
// level 0 are hashes of leaves, those of level L roots of the tiles of level L - 1.
struct HashRange {
  int level = 0;
  uint64_t first = 0;
  uint64_t past = 0;
};

// What a log of `size` that grows by `count` needs read back: nothing unless a tile becomes full.
std::vector<HashRange> RangesToFillTiles(uint64_t size, uint64_t count);

// Of each level, the hashes of its range in order.
using StoredHashes = std::map<int, std::vector<merkle::Hash>>;

struct FullTile {
  int level = 0;
  uint64_t index = 0;
  std::string hashes;
  merkle::Hash root{};
};

struct PlacedEvent {
  uint64_t sequence = 0;
  absl::Time recorded_at;
  std::string leaf;
};

// Adds events to one log in memory; what comes out is written in one transaction, under the lock on
// the head's row. Not thread safe.
class LogGrowth {
 public:
  explicit LogGrowth(LogHead head) : start_(head.size()), head_(std::move(head)) {}

  // Gives the event the next place, and a time that is never before the last event's.
  PlacedEvent Append(merkle::Leaf leaf, absl::Time now);

  // The same for a leaf as it is, of a log whose leaves are not events: returns its place.
  uint64_t AppendLeaf(std::string_view leaf);

  // The tiles that became full. Stops at one that does not lead to the node the tree itself has:
  // then a stored leaf or tile was changed behind our back, and `damaged` says so. What is missing
  // then shows in every proof that needs it.
  std::vector<FullTile> Tiles(const StoredHashes& stored, bool* damaged) const;

  // After the last Append.
  LogHead TakeHead() &&;
  const LogHead& head() const { return head_; }
  uint64_t start() const { return start_; }

 private:
  bool TilesOfLevel(int level, std::vector<merkle::Hash> hashes, uint64_t first,
                    std::vector<FullTile>* tiles) const;

  uint64_t start_;
  LogHead head_;
  std::vector<merkle::Hash> leaf_hashes_;
  // Roots that full tiles must have, by tile level and index.
  std::map<std::pair<int, uint64_t>, merkle::Hash> expected_;
};

}  // namespace kasbah::audit
