#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/ed25519.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// A public key with the name of who signs (C2SP signed-note): "<name>+<hash, 8 hex>+<base64>".
// Ed25519 only.
class VerifierKey {
 public:
  // INVALID_ARGUMENT for another form, another algorithm, or a hash that is not this name's and
  // key's.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);
  // `name` without spaces and "+"; `public_key` raw, 32 bytes.
  static absl::StatusOr<VerifierKey> Create(std::string_view name, std::string_view public_key);

  const std::string& name() const { return name_; }
  // The first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key).
  const std::string& hash() const { return hash_; }
  const crypto::Ed25519PublicKey& key() const { return key_; }
  std::string ToString() const;

 private:
  VerifierKey(std::string name, std::string hash, crypto::Ed25519PublicKey key)
      : name_(std::move(name)), hash_(std::move(hash)), key_(std::move(key)) {}

  std::string name_;
  std::string hash_;
  crypto::Ed25519PublicKey key_;
};

// `text`, which ends in a newline, a blank line and one signature line.
absl::StatusOr<std::string> SignNote(std::string_view text, std::string_view name,
                                     const crypto::Ed25519Key& key);

// The text of a note that `key` signed; signatures of others are passed over. INVALID_ARGUMENT when
// it is no note, when no signature is the key's, or when one claims to be and is not.
absl::StatusOr<std::string> OpenNote(std::string_view note, const VerifierKey& key);

// The head of a log (C2SP tlog-checkpoint): origin, size and root, a line each.
struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Hash root{};

  std::string ToText() const;
  // INVALID_ARGUMENT for anything but these three lines; extension lines are not taken.
  static absl::StatusOr<Checkpoint> Parse(std::string_view text);
};

// A checkpoint signed by the log itself: the key's name is its origin.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key);

}  // namespace kasbah::merkle
