#include "libs/merkle/tree.h"

#include <algorithm>
#include <bit>

#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"

namespace kasbah::merkle {
namespace {

constexpr std::string_view kLeafPrefix("\x00", 1);
constexpr std::string_view kNodePrefix("\x01", 1);

Hash ToHash(std::string_view digest) {
  Hash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

}  // namespace

absl::StatusOr<Hash> ParseHash(std::string_view bytes) {
  if (bytes.size() != Hash().size()) return absl::InvalidArgumentError("a hash has 32 bytes");
  return ToHash(bytes);
}

Hash Sha256Of(std::string_view bytes) { return ToHash(crypto::Sha256(bytes)); }

Hash EmptyRoot() { return Sha256Of(""); }

Hash LeafHash(std::string_view leaf) { return ToHash(crypto::Sha256({kLeafPrefix, leaf})); }

Hash NodeHash(const Hash& left, const Hash& right) {
  // One contiguous buffer: the one-shot digest is what makes 20,000 events a second cheap.
  std::array<char, 1 + 2 * sizeof(Hash)> buffer;
  auto out = std::copy(kNodePrefix.begin(), kNodePrefix.end(), buffer.begin());
  out = std::copy(left.begin(), left.end(), out);
  std::copy(right.begin(), right.end(), out);
  return Sha256Of({buffer.data(), buffer.size()});
}

absl::StatusOr<Frontier> Frontier::Parse(uint64_t size, std::string_view hashes) {
  const size_t count = static_cast<size_t>(std::popcount(size));
  if (hashes.size() != count * sizeof(Hash)) {
    return absl::InvalidArgumentError("the frontier does not fit the size of its tree");
  }
  Frontier frontier;
  frontier.size_ = size;
  for (size_t i = 0; i < count; ++i) {
    frontier.hashes_.push_back(ToHash(hashes.substr(i * sizeof(Hash), sizeof(Hash))));
  }
  return frontier;
}

Hash Frontier::Root() const {
  if (hashes_.empty()) return EmptyRoot();
  Hash root = hashes_.back();
  for (size_t i = hashes_.size() - 1; i > 0; --i) root = NodeHash(hashes_[i - 1], root);
  return root;
}

std::string Frontier::Serialize() const {
  std::string bytes;
  bytes.reserve(hashes_.size() * sizeof(Hash));
  for (const Hash& hash : hashes_) bytes.append(View(hash));
  return bytes;
}

}  // namespace kasbah::merkle
