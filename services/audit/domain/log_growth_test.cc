#include "services/audit/domain/log_growth.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::audit {
namespace {

// A log as its tables would hold it.
struct StoredLog {
  LogHead head;
  std::vector<merkle::Hash> leaves;
  std::map<std::pair<int, uint64_t>, FullTile> tiles;

  // What the ranges ask for.
  StoredHashes Read(const std::vector<HashRange>& ranges) const {
    StoredHashes stored;
    for (const HashRange& range : ranges) {
      for (uint64_t i = range.first; i < range.past; ++i) {
        stored[range.level].push_back(range.level == 0 ? leaves[i]
                                                       : tiles.at({range.level - 1, i}).root);
      }
    }
    return stored;
  }

  bool Grow(uint64_t count) {
    LogGrowth growth(head);
    const StoredHashes stored = Read(RangesToFillTiles(head.size(), count));
    for (uint64_t i = 0; i < count; ++i) {
      leaves.push_back(
          merkle::LeafHash(growth.Append(merkle::Leaf(), absl::FromUnixSeconds(5)).leaf));
    }
    bool damaged = false;
    for (const FullTile& tile : growth.Tiles(stored, &damaged)) {
      EXPECT_TRUE(tiles.emplace(std::pair(tile.level, tile.index), tile).second);
    }
    head = std::move(growth).TakeHead();
    return !damaged;
  }
};

TEST(LogGrowthTest, SameLogAndTilesHoweverItGrew) {
  constexpr uint64_t kSize = 256 * 256 + 300;
  StoredLog at_once;
  ASSERT_TRUE(at_once.Grow(kSize));
  StoredLog in_steps;
  for (uint64_t step = 1; in_steps.head.size() < kSize; step = step * 3 % 997 + 1) {
    ASSERT_TRUE(in_steps.Grow(std::min(step, kSize - in_steps.head.size())));
  }
  EXPECT_EQ(at_once.head.root, in_steps.head.root);
  ASSERT_EQ(at_once.tiles.size(), 257u + 1u);
  ASSERT_EQ(in_steps.tiles.size(), at_once.tiles.size());
  for (const auto& [id, tile] : at_once.tiles) {
    EXPECT_EQ(in_steps.tiles.at(id).hashes, tile.hashes) << id.first << "/" << id.second;
  }
}

TEST(LogGrowthTest, NothingIsReadBackWhileNoTileIsFull) {
  EXPECT_TRUE(RangesToFillTiles(0, 255).empty());
  EXPECT_TRUE(RangesToFillTiles(256, 10).empty());
  const std::vector<HashRange> ranges = RangesToFillTiles(300, 300);
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].first, 256u);
  EXPECT_EQ(ranges[0].past, 300u);
}

TEST(LogGrowthTest, AChangedStoredLeafIsNoticedWhenItsTileIsCut) {
  StoredLog log;
  ASSERT_TRUE(log.Grow(200));
  log.leaves[17] = merkle::LeafHash("changed");
  EXPECT_FALSE(log.Grow(100));
  EXPECT_TRUE(log.tiles.empty());
}

TEST(LogGrowthTest, AMissingStoredLeafIsNoticedWhenItsTileIsCut) {
  LogGrowth growth([] {
    StoredLog log;
    EXPECT_TRUE(log.Grow(200));
    return log.head;
  }());
  for (int i = 0; i < 100; ++i) growth.Append(merkle::Leaf(), absl::FromUnixSeconds(5));
  bool damaged = false;
  EXPECT_TRUE(growth.Tiles({}, &damaged).empty());
  EXPECT_TRUE(damaged);
}

TEST(LogGrowthTest, RecordingNeverGoesBackInTime) {
  LogGrowth growth{LogHead()};
  const absl::Time later = absl::FromUnixSeconds(100) + absl::Nanoseconds(1500);
  EXPECT_EQ(growth.Append(merkle::Leaf(), later).recorded_at,
            absl::FromUnixSeconds(100) + absl::Microseconds(1));
  EXPECT_EQ(growth.Append(merkle::Leaf(), absl::FromUnixSeconds(50)).recorded_at,
            absl::FromUnixSeconds(100) + absl::Microseconds(1));
}

TEST(LogGrowthTest, SequenceHasNoGaps) {
  LogGrowth growth{LogHead()};
  for (uint64_t i = 0; i < 300; ++i) {
    EXPECT_EQ(growth.Append(merkle::Leaf(), absl::UnixEpoch()).sequence, i);
  }
}

}  // namespace
}  // namespace kasbah::audit
