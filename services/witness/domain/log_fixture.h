#pragma once

#include <string>
#include <vector>

#include "libs/base/strings.h"
#include "libs/crypto/ed25519.h"
#include "libs/merkle/add_checkpoint.h"
#include "libs/merkle/note.h"
#include "libs/merkle/proof.h"

namespace kasbah::witness {

// A log that asks to be cosigned: its entries are numbers, and a `salt` makes another history.
class SmallLog : public merkle::NodeSource {
 public:
  explicit SmallLog(std::string origin, std::string salt = "")
      : origin_(std::move(origin)), salt_(std::move(salt)) {}

  absl::StatusOr<merkle::Hash> Node(merkle::NodeId id) override {
    const uint64_t width = uint64_t{1} << id.level;
    return SubtreeOf(id.index * width, width);
  }

  merkle::VerifierKey Key() const {
    return merkle::VerifierKey::Create(origin_, key_.public_key()).value();
  }
  std::string Text(uint64_t size) const {
    merkle::Frontier tree;
    for (uint64_t i = 0; i < size; ++i) tree.Append(Leaf(i));
    return merkle::Checkpoint{origin_, size, tree.Root()}.ToText();
  }
  std::string Note(uint64_t size) const {
    return merkle::SignNote(Text(size), origin_, key_).value();
  }
  // Asks for `size` to be cosigned, from `old_size` on.
  merkle::AddCheckpoint Request(uint64_t old_size, uint64_t size) {
    merkle::AddCheckpoint request{old_size, {}, Note(size)};
    if (old_size > 0) request.proof = merkle::BuildConsistency(old_size, size, *this).value();
    return request;
  }
  std::string Body(uint64_t old_size, uint64_t size) { return Request(old_size, size).Serialize(); }
  const crypto::Ed25519Key& key() const { return key_; }

 private:
  merkle::Hash Leaf(uint64_t i) const { return merkle::LeafHash(StrCat(salt_, i)); }
  merkle::Hash SubtreeOf(uint64_t begin, uint64_t width) const {
    if (width == 1) return Leaf(begin);
    return merkle::NodeHash(SubtreeOf(begin, width / 2), SubtreeOf(begin + width / 2, width / 2));
  }

  const std::string origin_;
  const std::string salt_;
  const crypto::Ed25519Key key_ = crypto::Ed25519Key::Generate();
};

}  // namespace kasbah::witness
