#include "libs/merkle/tile_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TilePathTest, IsWrittenAsTheSpecificationSays) {
  EXPECT_EQ((TilePath{false, 0, 1234067, kTileWidth}).ToString(), "tile/0/x001/x234/067");
  EXPECT_EQ((TilePath{false, 1, 0, 17}).ToString(), "tile/1/000.p/17");
  EXPECT_EQ((TilePath{true, 0, 273, 112}).ToString(), "tile/entries/273.p/112");
  EXPECT_EQ((TilePath{true, 0, 1000, kTileWidth}).ToString(), "tile/entries/x001/000");
}

TEST(TilePathTest, IsReadAsItIsWritten) {
  for (const uint64_t index : {0ull, 7ull, 999ull, 1000ull, 1234067ull, (1ull << 55) - 1}) {
    for (const uint64_t width : {uint64_t{1}, uint64_t{255}, kTileWidth}) {
      for (const TilePath& path :
           {TilePath{false, 0, index, width}, TilePath{false, 63, index, width},
            TilePath{true, 0, index, width}}) {
        ASSERT_OK_AND_ASSIGN(const TilePath parsed, TilePath::Parse(path.ToString()));
        EXPECT_EQ(parsed.ToString(), path.ToString());
        EXPECT_EQ(parsed.index, index);
        EXPECT_EQ(parsed.width, width);
      }
    }
  }
}

TEST(TilePathTest, AnotherSpellingIsRefused) {
  for (const char* path : {"",
                           "tile",
                           "tile/0",
                           "tile/0/",
                           "tile/0/1",
                           "tile/00/001",
                           "tile/64/001",
                           "tile/-1/001",
                           "tile/0/x000/001",
                           "tile/0/x001",
                           "tile/0/001/002",
                           "tile/0/001.p",
                           "tile/0/001.p/0",
                           "tile/0/001.p/256",
                           "tile/0/001.p/01",
                           "tile/0/001.p/5/6",
                           "tile/0/001.q/5",
                           "/tile/0/001",
                           "tile/data/001",
                           "tile/0/x001.p/5",
                           "tile/0/x999/x999/x999/x999/x999/x999/999",
                           "tile/0/../001"}) {
    EXPECT_FALSE(TilePath::Parse(path).ok()) << path;
  }
}

std::vector<std::string> PathsOf(uint64_t size) {
  std::vector<std::string> paths;
  for (const TilePath& tile : TilesOf(size)) paths.push_back(tile.ToString());
  return paths;
}

TEST(TilesOfTest, ATreeIsServedAsTheSpecificationsExamples) {
  EXPECT_THAT(PathsOf(0), IsEmpty());
  EXPECT_THAT(PathsOf(256), ElementsAre("tile/entries/000", "tile/0/000", "tile/1/000.p/1"));
  // 70,000: 273 full tiles of level 0, one of width 112; one full of level 1, one of width 17; one
  // of level 2, of width 1.
  const std::vector<std::string> paths = PathsOf(70'000);
  EXPECT_EQ(paths.size(), 2 * 274u + 2 + 1);
  EXPECT_THAT(std::vector<std::string>(paths.end() - 4, paths.end()),
              ElementsAre("tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"));
}

TEST(EntryBundleTest, EntriesStandBehindTheirLengths) {
  const std::string long_entry(258, 'x');
  ASSERT_OK_AND_ASSIGN(const std::string bundle, EntryBundle({"ab", "", long_entry}));
  EXPECT_EQ(bundle, std::string("\0\2ab\0\0\1\2", 8) + long_entry);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> entries, ParseEntryBundle(bundle));
  EXPECT_THAT(entries, ElementsAre("ab", "", long_entry));
  EXPECT_FALSE(EntryBundle({std::string(65'536, 'x')}).ok());
  EXPECT_FALSE(ParseEntryBundle(bundle.substr(0, bundle.size() - 1)).ok());
  EXPECT_FALSE(ParseEntryBundle(bundle.substr(0, 5)).ok());
}

}  // namespace
}  // namespace kasbah::merkle
