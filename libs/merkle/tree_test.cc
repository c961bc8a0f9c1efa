#include "libs/merkle/tree.h"

#include <gtest/gtest.h>

#include <bit>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/tile.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

std::string Unhex(std::string_view hex) { return crypto::ParseHex(hex).value(); }
std::string HexOf(const Hash& hash) { return crypto::Hex(View(hash)); }

// The reference tree of the Certificate Transparency implementations.
constexpr std::string_view kLeaves[] = {"",
                                        "00",
                                        "10",
                                        "2021",
                                        "3031",
                                        "40414243",
                                        "5051525354555657",
                                        "606162636465666768696a6b6c6d6e6f"};
constexpr std::string_view kRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(FrontierTest, RootsAreTheReferenceTrees) {
  Frontier frontier;
  EXPECT_EQ(HexOf(frontier.Root()), kRoots[0]);
  for (size_t i = 0; i < std::size(kLeaves); ++i) {
    frontier.Append(LeafHash(Unhex(kLeaves[i])));
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(HexOf(frontier.Root()), kRoots[i + 1]);
  }
}

// The roots of every aligned subtree of up to 130 leaves, folded into one hash, as
// draft-ietf-plants-merkle-tree-certs publishes it (transparency-dev/merkle, vectors_test.go).
TEST(FrontierTest, RootsOfAllAlignedSubtreesAreThePublishedOnes) {
  std::string lines;
  for (uint64_t end = 1; end <= 130; ++end) {
    for (uint64_t start = 0; start < end; ++start) {
      if (start % std::bit_ceil(end - start) != 0) continue;
      Frontier frontier;
      for (uint64_t i = start; i < end; ++i) {
        frontier.Append(LeafHash(std::string(1, static_cast<char>(i))));
      }
      StrAppend(&lines, "[", start, ", ", end, ") ", HexOf(frontier.Root()), "\n");
    }
  }
  EXPECT_EQ(HexOf(Sha256Of(lines)),
            "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f");
}

TEST(FrontierTest, GoesOnFromItsSerializedFormAtEverySize) {
  Frontier whole;
  for (uint64_t size = 0; size < 130; ++size) {
    ASSERT_OK_AND_ASSIGN(Frontier resumed, Frontier::Parse(size, whole.Serialize()));
    const Hash leaf = LeafHash(std::to_string(size));
    resumed.Append(leaf);
    whole.Append(leaf);
    EXPECT_EQ(resumed.Root(), whole.Root()) << size;
  }
}

TEST(FrontierTest, ParseRefusesHashesThatDoNotFitTheSize) {
  EXPECT_FALSE(Frontier::Parse(3, std::string(32, 'x')).ok());
  EXPECT_FALSE(Frontier::Parse(1, std::string(33, 'x')).ok());
  EXPECT_FALSE(Frontier::Parse(0, std::string(32, 'x')).ok());
}

TEST(FrontierTest, NamesEachSubtreeThatALeafCompletes) {
  Frontier frontier;
  std::vector<std::pair<int, uint64_t>> completed;
  for (int i = 0; i < 8; ++i) {
    frontier.Append(LeafHash("x"), [&](int level, uint64_t index, const Hash&) {
      completed.push_back({level, index});
    });
  }
  EXPECT_EQ(completed, (std::vector<std::pair<int, uint64_t>>{
                           {1, 0}, {1, 1}, {2, 0}, {1, 2}, {1, 3}, {2, 1}, {3, 0}}));
}

TEST(TileTest, RootOfAFullTileIsTheTreesRoot) {
  Frontier frontier;
  std::vector<Hash> leaves;
  for (uint64_t i = 0; i < kTileWidth; ++i) {
    leaves.push_back(LeafHash(std::to_string(i)));
    frontier.Append(leaves.back());
  }
  const Tile tile(leaves);
  EXPECT_EQ(tile.Root(), frontier.Root());
  ASSERT_OK_AND_ASSIGN(const Tile again, Tile::Parse(tile.Serialize()));
  EXPECT_EQ(again.Root(), tile.Root());
  EXPECT_EQ(again.Node(1, 3).value(), NodeHash(leaves[6], leaves[7]));
}

TEST(TileTest, APartialTileKnowsOnlyItsCompleteNodes) {
  const Tile tile(std::vector<Hash>(3, LeafHash("x")));
  EXPECT_OK(tile.Node(0, 2));
  EXPECT_OK(tile.Node(1, 0));
  EXPECT_FALSE(tile.Node(1, 1).ok());
  EXPECT_FALSE(tile.Node(2, 0).ok());
  EXPECT_FALSE(Tile::Parse("").ok());
  EXPECT_FALSE(Tile::Parse(std::string(257 * 32, 'x')).ok());
}

}  // namespace
}  // namespace kasbah::merkle
