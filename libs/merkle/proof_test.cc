#include "libs/merkle/proof.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::merkle {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// A tree kept whole, hashed by the recursive definition of RFC 6962: slow, and plainly right.
class PlainTree : public NodeSource {
 public:
  explicit PlainTree(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) leaves_.push_back(LeafHash(std::to_string(i)));
  }
  absl::StatusOr<Hash> Node(NodeId id) override {
    const uint64_t width = uint64_t{1} << id.level;
    return RootOf(id.index * width, (id.index + 1) * width);
  }
  Hash RootOf(uint64_t begin, uint64_t end) const {
    if (begin == end) return EmptyRoot();
    if (end - begin == 1) return leaves_[begin];
    uint64_t split = 1;
    while (split * 2 < end - begin) split *= 2;
    return NodeHash(RootOf(begin, begin + split), RootOf(begin + split, end));
  }
  const Hash& leaf(uint64_t index) const { return leaves_[index]; }

 private:
  std::vector<Hash> leaves_;
};

TEST(ProofTest, EveryInclusionProofOfEveryTreeTo130Verifies) {
  PlainTree tree(130);
  for (uint64_t size = 1; size <= 130; ++size) {
    const Hash root = tree.RootOf(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof, BuildInclusion(index, size, tree));
      ASSERT_TRUE(VerifyInclusion(index, size, tree.leaf(index), proof, root))
          << index << "/" << size;
      ASSERT_FALSE(VerifyInclusion(index + 1, size, tree.leaf(index), proof, root));
      ASSERT_FALSE(VerifyInclusion(index, size, LeafHash("other"), proof, root));
    }
  }
}

TEST(ProofTest, EveryConsistencyProofOfEveryTreeTo130Verifies) {
  PlainTree tree(130);
  for (uint64_t size = 1; size <= 130; ++size) {
    const Hash root = tree.RootOf(0, size);
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Hash old_root = tree.RootOf(0, old_size);
      ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof, BuildConsistency(old_size, size, tree));
      ASSERT_TRUE(VerifyConsistency(old_size, size, old_root, root, proof))
          << old_size << "/" << size;
      ASSERT_FALSE(VerifyConsistency(old_size, size, LeafHash("other"), root, proof));
      ASSERT_FALSE(VerifyConsistency(old_size, size, old_root, LeafHash("other"), proof));
    }
  }
}

TEST(ProofTest, AProofWithAHashTooManyOrTooFewIsRefused) {
  PlainTree tree(7);
  const Hash root = tree.RootOf(0, 7);
  ASSERT_OK_AND_ASSIGN(std::vector<Hash> proof, BuildInclusion(3, 7, tree));
  proof.push_back(root);
  EXPECT_FALSE(VerifyInclusion(3, 7, tree.leaf(3), proof, root));
  proof.resize(proof.size() - 2);
  EXPECT_FALSE(VerifyInclusion(3, 7, tree.leaf(3), proof, root));
}

TEST(ProofTest, NamesTheNodesThatItWillAskFor) {
  EXPECT_EQ(InclusionNodes(3, 7), (std::vector<NodeId>{{0, 2}, {1, 0}, {1, 2}, {0, 6}}));
  EXPECT_TRUE(InclusionNodes(7, 7).empty());
  EXPECT_TRUE(ConsistencyNodes(0, 7).empty());
}

TEST(ProofTest, RefusesSizesThatCannotBe) {
  PlainTree tree(4);
  EXPECT_FALSE(BuildInclusion(4, 4, tree).ok());
  EXPECT_FALSE(BuildConsistency(0, 4, tree).ok());
  EXPECT_FALSE(BuildConsistency(5, 4, tree).ok());
}

// Two of them, for where the folder is not there: the first inclusion and consistency proofs of the
// reference tree of eight leaves.
TEST(ProofVectorTest, ThePublishedProofsOfTheReferenceTreeHold) {
  const auto hash = [](std::string_view hex) {
    return ParseHash(crypto::ParseHex(hex).value()).value();
  };
  const Hash root8 = hash("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  EXPECT_TRUE(
      VerifyInclusion(0, 8, LeafHash(""),
                      {hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
                       hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                       hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")},
                      root8));
  EXPECT_TRUE(VerifyConsistency(
      6, 8, hash("76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"), root8,
      {hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
       hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
       hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")}));
}

TEST(ProofTest, AnInclusionProofHoldsTheTreeBeforeItsLeaf) {
  PlainTree tree(130);
  for (uint64_t size = 1; size <= 130; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      ASSERT_OK_AND_ASSIGN(std::vector<Hash> proof, BuildInclusion(index, size, tree));
      ASSERT_OK_AND_ASSIGN(const Frontier before, FrontierBefore(index, size, proof));
      ASSERT_EQ(before.size(), index);
      ASSERT_EQ(before.Root(), tree.RootOf(0, index)) << index << "/" << size;
      proof.push_back(before.Root());
      ASSERT_FALSE(FrontierBefore(index, size, proof).ok());
    }
    ASSERT_FALSE(FrontierBefore(size, size, {}).ok());
  }
}

// The published vectors: KASBAH_VECTORS/merkle.
std::optional<fs::path> Vectors(std::string_view folder) {
  const char* root = std::getenv("KASBAH_VECTORS");
  if (root == nullptr) return std::nullopt;
  return fs::path(root) / "merkle" / folder;
}

// Unset when it is no hash: what a vector does to break a proof.
std::optional<Hash> HashOf(const json& value) {
  const absl::StatusOr<std::string> bytes =
      crypto::ParseBase64(value.is_null() ? "" : value.get<std::string>());
  if (!bytes.ok()) return std::nullopt;
  const absl::StatusOr<Hash> hash = ParseHash(*bytes);
  return hash.ok() ? std::optional<Hash>(*hash) : std::nullopt;
}

// A root is only compared, so one that is no hash is stood in for by its own.
Hash RootOf(const json& value) {
  const std::optional<Hash> hash = HashOf(value);
  return hash ? *hash : Sha256Of(value.is_null() ? "" : value.get<std::string>());
}

std::optional<std::vector<Hash>> ProofOf(const json& value) {
  std::vector<Hash> proof;
  if (value.is_null()) return proof;
  for (const json& element : value) {
    const std::optional<Hash> hash = HashOf(element);
    if (!hash) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

bool InclusionHolds(const json& vector) {
  const auto leaf = HashOf(vector["leafHash"]);
  const auto proof = ProofOf(vector["proof"]);
  return leaf && proof &&
         VerifyInclusion(vector["leafIdx"].get<uint64_t>(), vector["treeSize"].get<uint64_t>(),
                         *leaf, *proof, RootOf(vector["root"]));
}

bool ConsistencyHolds(const json& vector) {
  const auto proof = ProofOf(vector["proof"]);
  return proof &&
         VerifyConsistency(vector["size1"].get<uint64_t>(), vector["size2"].get<uint64_t>(),
                           RootOf(vector["root1"]), RootOf(vector["root2"]), *proof);
}

template <typename Check>
int RunVectors(const fs::path& folder, Check holds) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const json vector = json::parse(file);
    EXPECT_EQ(holds(vector), !vector["wantErr"].template get<bool>()) << entry.path();
    ++count;
  }
  return count;
}

TEST(ProofVectorTest, InclusionVectorsAgree) {
  const std::optional<fs::path> folder = Vectors("inclusion");
  if (!folder) GTEST_SKIP() << "KASBAH_VECTORS is not set: published inclusion vectors not run";
  EXPECT_EQ(RunVectors(*folder, InclusionHolds), 98);
}

TEST(ProofVectorTest, ConsistencyVectorsAgree) {
  const std::optional<fs::path> folder = Vectors("consistency");
  if (!folder) GTEST_SKIP() << "KASBAH_VECTORS is not set: published consistency vectors not run";
  EXPECT_EQ(RunVectors(*folder, ConsistencyHolds), 98);
}

}  // namespace
}  // namespace kasbah::merkle
