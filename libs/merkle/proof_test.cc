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
  EXPECT_GE(RunVectors(*folder, InclusionHolds), 90);
}

TEST(ProofVectorTest, ConsistencyVectorsAgree) {
  const std::optional<fs::path> folder = Vectors("consistency");
  if (!folder) GTEST_SKIP() << "KASBAH_VECTORS is not set: published consistency vectors not run";
  EXPECT_GE(RunVectors(*folder, ConsistencyHolds), 90);
}

}  // namespace
}  // namespace kasbah::merkle
