#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::merkle {

// SHA-256, as RFC 6962 uses it: leaves and nodes are told apart by their first byte.
using Hash = std::array<uint8_t, 32>;

inline std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// Exactly 32 bytes; INVALID_ARGUMENT otherwise.
absl::StatusOr<Hash> ParseHash(std::string_view bytes);

// SHA-256 of the bytes themselves, as a Hash.
Hash Sha256Of(std::string_view bytes);

// The root of a tree without leaves: SHA-256 of nothing.
Hash EmptyRoot();
// SHA-256(0x00 ‖ leaf).
Hash LeafHash(std::string_view leaf);
// SHA-256(0x01 ‖ left ‖ right).
Hash NodeHash(const Hash& left, const Hash& right);

// All that is needed of a tree to add to it: the roots of its perfect subtrees, at most 64, the
// largest (leftmost) first. Also called a compact range. Not thread safe.
class Frontier {
 public:
  // Of an empty tree.
  Frontier() = default;
  // What Serialize wrote, 32 bytes for each one in the binary form of `size`. INVALID_ARGUMENT for
  // another length.
  static absl::StatusOr<Frontier> Parse(uint64_t size, std::string_view hashes);

  uint64_t size() const { return size_; }
  // The root of the whole tree (RFC 6962, section 2.1).
  Hash Root() const;
  std::string Serialize() const;

  void Append(const Hash& leaf_hash) {
    Append(leaf_hash, [](int, uint64_t, const Hash&) {});
  }

  // The same; `on_node(level, index, hash)` learns of each perfect subtree of 2^level leaves that
  // this leaf completes, level 1 and above.
  template <typename F>
  void Append(const Hash& leaf_hash, F&& on_node) {
    hashes_.push_back(leaf_hash);
    int level = 0;
    for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
      const Hash right = hashes_.back();
      hashes_.pop_back();
      hashes_.back() = NodeHash(hashes_.back(), right);
      ++level;
      on_node(level, size_ >> level, hashes_.back());
    }
    ++size_;
  }

 private:
  uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

}  // namespace kasbah::merkle
