#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// True when `proof` leads from `leaf_hash` at `index` to the `root` of a tree of `size` leaves
// (RFC 9162, section 2.1.3.2).
bool VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                     const std::vector<Hash>& proof, const Hash& root);

// True when `proof` shows that the first `old_size` leaves of the tree (`new_size`, `new_root`) are
// the tree (`old_size`, `old_root`) (RFC 9162, section 2.1.4.2). Nothing can be shown about an old
// size of 0.
bool VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                       const Hash& new_root, const std::vector<Hash>& proof);

// What stands before the leaf at `index`, from its inclusion proof, once that was found to hold:
// the hashes to the left of the way up are the tree of the leaves [0, index). INVALID_ARGUMENT for
// a proof that is not of a tree of `size`.
absl::StatusOr<Frontier> FrontierBefore(uint64_t index, uint64_t size,
                                        const std::vector<Hash>& proof);

// A perfect subtree: the `index`-th of 2^level leaves.
struct NodeId {
  int level = 0;
  uint64_t index = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

// Where the hashes of perfect subtrees come from.
class NodeSource {
 public:
  virtual ~NodeSource() = default;
  virtual absl::StatusOr<Hash> Node(NodeId id) = 0;
};

// RFC 6962, section 2.1.1. INVALID_ARGUMENT unless index < size; errors of the source.
absl::StatusOr<std::vector<Hash>> BuildInclusion(uint64_t index, uint64_t size, NodeSource& nodes);

// RFC 6962, section 2.1.2. INVALID_ARGUMENT unless 0 < old_size <= new_size.
absl::StatusOr<std::vector<Hash>> BuildConsistency(uint64_t old_size, uint64_t new_size,
                                                   NodeSource& nodes);

// What the same calls will ask their source for, so that it can be fetched at once.
std::vector<NodeId> InclusionNodes(uint64_t index, uint64_t size);
std::vector<NodeId> ConsistencyNodes(uint64_t old_size, uint64_t new_size);

}  // namespace kasbah::merkle
