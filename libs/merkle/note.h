#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/crypto/ed25519.h"
#include "libs/merkle/tree.h"

namespace kasbah::merkle {

// What a key of a note signs (C2SP signed-note, signature types).
enum class NoteKeyType : char {
  // The text itself.
  kEd25519 = 0x01,
  // The text with the time of signing before it: a witness's (C2SP tlog-cosignature).
  kCosignatureV1 = 0x04,
};

// A public key with the name of who signs (C2SP signed-note): "<name>+<hash, 8 hex>+<base64>".
class VerifierKey {
 public:
  // INVALID_ARGUMENT for another form, another type, or a hash that is not this name's and key's.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text,
                                           NoteKeyType type = NoteKeyType::kEd25519);
  // `name` without spaces and "+"; `public_key` raw, 32 bytes.
  static absl::StatusOr<VerifierKey> Create(std::string_view name, std::string_view public_key,
                                            NoteKeyType type = NoteKeyType::kEd25519);

  const std::string& name() const { return name_; }
  // The first four bytes of SHA-256(name ‖ "\n" ‖ type ‖ key).
  const std::string& hash() const { return hash_; }
  const crypto::Ed25519PublicKey& key() const { return key_; }
  std::string ToString() const;
  // Whether the key signed `text`; `signature` is what follows the key's hash on a signature line.
  bool Verify(std::string_view text, std::string_view signature) const;

 private:
  VerifierKey(std::string name, NoteKeyType type, std::string hash, crypto::Ed25519PublicKey key)
      : name_(std::move(name)), type_(type), hash_(std::move(hash)), key_(std::move(key)) {}

  std::string name_;
  NoteKeyType type_;
  std::string hash_;
  crypto::Ed25519PublicKey key_;
};

// A note taken apart, nothing of it believed yet.
struct NoteSignature {
  std::string name;
  // Key hash, then the signature itself.
  std::string bytes;

  // Whether it claims to be the key's.
  bool IsOf(const VerifierKey& key) const;
  bool Verify(std::string_view text, const VerifierKey& key) const;
  // "— name base64" and a newline.
  std::string ToLine() const;
};
struct ParsedNote {
  std::string text;
  std::vector<NoteSignature> signatures;
};
// INVALID_ARGUMENT for what is no note; at most 100 signatures.
absl::StatusOr<ParsedNote> ParseNote(std::string_view note);
// Signature lines alone, each ended by a newline, as a witness answers them.
absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines);

// What a witness signs: the time in seconds since 1970, then the checkpoint's text (C2SP
// tlog-cosignature).
std::string CosignedMessage(std::string_view text, uint64_t time);

// `text`, which ends in a newline, a blank line and one signature line.
absl::StatusOr<std::string> SignNote(std::string_view text, std::string_view name,
                                     const crypto::Ed25519Key& key);

// The signature line of a witness on a checkpoint's text.
absl::StatusOr<NoteSignature> Cosign(std::string_view text, std::string_view name,
                                     const crypto::Ed25519Key& key, absl::Time now);
// When a cosignature, type 4, says that it was made.
absl::StatusOr<absl::Time> CosignedAt(const NoteSignature& signature);

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
  // The same of any log's checkpoint: extension lines may follow, and are passed over.
  static absl::StatusOr<Checkpoint> ParseExtended(std::string_view text);
};

// A checkpoint signed by the log itself: the key's name is its origin.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key);

}  // namespace kasbah::merkle
