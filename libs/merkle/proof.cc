#include "libs/merkle/proof.h"

#include <bit>

#include "absl/status/status.h"
#include "libs/base/status_macros.h"

namespace kasbah::merkle {
namespace {

// The largest power of two below `count`, which is at least 2.
uint64_t SplitOf(uint64_t count) { return std::bit_floor(count - 1); }

// Builds proofs by the recursive definitions of RFC 6962, over leaf ranges [begin, end).
class Builder {
 public:
  explicit Builder(NodeSource& nodes) : nodes_(nodes) {}

  absl::Status Path(uint64_t index, uint64_t begin, uint64_t end) {
    if (end - begin == 1) return absl::OkStatus();
    const uint64_t middle = begin + SplitOf(end - begin);
    if (index < middle) {
      RETURN_IF_ERROR(Path(index, begin, middle));
      return Add(middle, end);
    }
    RETURN_IF_ERROR(Path(index, middle, end));
    return Add(begin, middle);
  }

  // SUBPROOF(m, D[begin:end], known), where m ends at `old_end`.
  absl::Status Subproof(uint64_t old_end, uint64_t begin, uint64_t end, bool known) {
    if (old_end == end) return known ? absl::OkStatus() : Add(begin, end);
    const uint64_t middle = begin + SplitOf(end - begin);
    if (old_end <= middle) {
      RETURN_IF_ERROR(Subproof(old_end, begin, middle, known));
      return Add(middle, end);
    }
    RETURN_IF_ERROR(Subproof(old_end, middle, end, false));
    return Add(begin, middle);
  }

  std::vector<Hash> TakeProof() { return std::move(proof_); }

 private:
  absl::Status Add(uint64_t begin, uint64_t end) {
    ASSIGN_OR_RETURN(const Hash hash, RootOf(begin, end));
    proof_.push_back(hash);
    return absl::OkStatus();
  }

  absl::StatusOr<Hash> RootOf(uint64_t begin, uint64_t end) {
    const uint64_t count = end - begin;
    if (std::has_single_bit(count)) {
      return nodes_.Node({std::countr_zero(count), begin / count});
    }
    const uint64_t middle = begin + SplitOf(count);
    ASSIGN_OR_RETURN(const Hash left, RootOf(begin, middle));
    ASSIGN_OR_RETURN(const Hash right, RootOf(middle, end));
    return NodeHash(left, right);
  }

  NodeSource& nodes_;
  std::vector<Hash> proof_;
};

// Answers with nothing and remembers what it was asked.
class NodeRecorder : public NodeSource {
 public:
  absl::StatusOr<Hash> Node(NodeId id) override {
    asked_.push_back(id);
    return Hash{};
  }
  std::vector<NodeId> TakeAsked() { return std::move(asked_); }

 private:
  std::vector<NodeId> asked_;
};

}  // namespace

bool VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                     const std::vector<Hash>& proof, const Hash& root) {
  if (index >= size) return false;
  uint64_t node = index;
  uint64_t last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                       const Hash& new_root, const std::vector<Hash>& proof) {
  if (old_size == 0 || old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  if (proof.empty()) return false;

  // A perfect old tree is a node of the new one, and the proof leaves it out.
  size_t next = 0;
  const Hash first = std::has_single_bit(old_size) ? old_root : proof[next++];
  uint64_t node = old_size - 1;
  uint64_t last = new_size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Hash old_hash = first;
  Hash new_hash = first;
  for (; next < proof.size(); ++next) {
    const Hash& sibling = proof[next];
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = NodeHash(sibling, old_hash);
      new_hash = NodeHash(sibling, new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = NodeHash(new_hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && new_hash == new_root;
}

absl::StatusOr<std::vector<Hash>> BuildInclusion(uint64_t index, uint64_t size, NodeSource& nodes) {
  if (index >= size) return absl::InvalidArgumentError("the leaf is not in a tree of this size");
  Builder builder(nodes);
  RETURN_IF_ERROR(builder.Path(index, 0, size));
  return builder.TakeProof();
}

absl::StatusOr<std::vector<Hash>> BuildConsistency(uint64_t old_size, uint64_t new_size,
                                                   NodeSource& nodes) {
  if (old_size == 0 || old_size > new_size) {
    return absl::InvalidArgumentError("the old size must be between 1 and the new size");
  }
  Builder builder(nodes);
  RETURN_IF_ERROR(builder.Subproof(old_size, 0, new_size, true));
  return builder.TakeProof();
}

absl::StatusOr<Frontier> FrontierBefore(uint64_t index, uint64_t size,
                                        const std::vector<Hash>& proof) {
  const absl::Status unfit = absl::InvalidArgumentError("the proof is not of a tree of this size");
  if (index >= size) return unfit;
  // Up to where the ways of this leaf and of the last one part, siblings stand on both sides;
  // above, on the left only.
  const auto both = static_cast<size_t>(std::bit_width(index ^ (size - 1)));
  const auto left_only = static_cast<size_t>(std::popcount(both < 64 ? index >> both : 0));
  if (proof.size() != both + left_only) return unfit;
  std::string hashes;
  for (size_t i = proof.size(); i > 0; --i) {
    const bool is_left = i > both || (index >> (i - 1) & 1) != 0;
    if (is_left) hashes.append(View(proof[i - 1]));
  }
  return Frontier::Parse(index, hashes);
}

std::vector<NodeId> InclusionNodes(uint64_t index, uint64_t size) {
  NodeRecorder recorder;
  if (!BuildInclusion(index, size, recorder).ok()) return {};
  return recorder.TakeAsked();
}

std::vector<NodeId> ConsistencyNodes(uint64_t old_size, uint64_t new_size) {
  NodeRecorder recorder;
  if (!BuildConsistency(old_size, new_size, recorder).ok()) return {};
  return recorder.TakeAsked();
}

}  // namespace kasbah::merkle
