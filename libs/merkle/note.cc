#include "libs/merkle/note.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

constexpr char kEd25519 = 0x01;
constexpr size_t kKeyHashSize = 4;
constexpr size_t kMaxSignatures = 100;
// "— ", the em dash in UTF-8.
constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("not a signed note: ", what));
}

bool IsName(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c <= ' ' || c == '+' || c == 0x7f;
  });
}

std::string KeyHash(std::string_view name, std::string_view typed_key) {
  return crypto::Sha256({name, "\n", typed_key}).substr(0, kKeyHashSize);
}

bool HasControlCharacters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7f; });
}

struct Signature {
  std::string_view name;
  // Key hash, then the signature itself.
  std::string bytes;
};

absl::StatusOr<Signature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return Malformed("a signature line without its dash");
  line.remove_prefix(kSignaturePrefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsName(line.substr(0, space))) {
    return Malformed("a signature line without a name");
  }
  absl::StatusOr<std::string> bytes = crypto::ParseBase64(line.substr(space + 1));
  if (!bytes.ok() || bytes->size() <= kKeyHashSize)
    return Malformed("a signature that is no Base64");
  return Signature{line.substr(0, space), *std::move(bytes)};
}

}  // namespace

absl::StatusOr<VerifierKey> VerifierKey::Create(std::string_view name,
                                                std::string_view public_key) {
  if (!IsName(name)) return absl::InvalidArgumentError("a key's name has no spaces and no \"+\"");
  ASSIGN_OR_RETURN(crypto::Ed25519PublicKey key, crypto::Ed25519PublicKey::FromRaw(public_key));
  const std::string typed = StrCat(std::string_view(&kEd25519, 1), public_key);
  return VerifierKey(std::string(name), KeyHash(name, typed), std::move(key));
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  const absl::Status malformed =
      absl::InvalidArgumentError("a verifier key reads name+hash+base64 and is an Ed25519 key");
  const size_t first = text.find('+');
  const size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return malformed;
  const absl::StatusOr<std::string> typed = crypto::ParseBase64(text.substr(second + 1));
  if (!typed.ok() || typed->size() != 33 || typed->front() != kEd25519) return malformed;
  absl::StatusOr<VerifierKey> key =
      Create(text.substr(0, first), std::string_view(*typed).substr(1));
  if (!key.ok() || crypto::Hex(key->hash()) != text.substr(first + 1, second - first - 1)) {
    return malformed;
  }
  return key;
}

std::string VerifierKey::ToString() const {
  const std::string typed = StrCat(std::string_view(&kEd25519, 1), key_.raw());
  return StrCat(name_, "+", crypto::Hex(hash_), "+", crypto::Base64(typed));
}

absl::StatusOr<std::string> SignNote(std::string_view text, std::string_view name,
                                     const crypto::Ed25519Key& key) {
  if (!text.ends_with('\n') || HasControlCharacters(text)) {
    return Malformed("the text must end in a newline and hold no other control character");
  }
  ASSIGN_OR_RETURN(const VerifierKey verifier, VerifierKey::Create(name, key.public_key()));
  return StrCat(text, "\n", kSignaturePrefix, name, " ",
                crypto::Base64(StrCat(verifier.hash(), key.Sign(text))), "\n");
}

absl::StatusOr<std::string> OpenNote(std::string_view note, const VerifierKey& key) {
  if (HasControlCharacters(note)) return Malformed("a control character");
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return Malformed("no blank line before the signatures");
  const std::string_view text = note.substr(0, blank + 1);
  std::string_view lines = note.substr(blank + 2);
  if (!lines.ends_with('\n')) return Malformed("the last line does not end");
  lines.remove_suffix(1);

  size_t count = 0;
  bool signed_by_key = false;
  for (std::string_view line : SplitOn(lines, '\n')) {
    if (++count > kMaxSignatures) return Malformed("too many signatures");
    ASSIGN_OR_RETURN(const Signature signature, ParseSignatureLine(line));
    if (signature.name != key.name() || !signature.bytes.starts_with(key.hash())) continue;
    if (!key.key().Verify(text, std::string_view(signature.bytes).substr(kKeyHashSize))) {
      return absl::InvalidArgumentError("the signature does not belong to the text");
    }
    signed_by_key = true;
  }
  if (!signed_by_key) return absl::InvalidArgumentError("the note is not signed with this key");
  return std::string(text);
}

std::string Checkpoint::ToText() const {
  return StrCat(origin, "\n", size, "\n", crypto::Base64(View(root)), "\n");
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  const std::vector<std::string_view> lines = SplitOn(text, '\n');
  if (lines.size() != 4 || lines[0].empty() || !lines[3].empty()) {
    return absl::InvalidArgumentError("a checkpoint has an origin, a size and a root");
  }
  Checkpoint checkpoint;
  checkpoint.origin = std::string(lines[0]);
  const std::optional<uint64_t> size = ParseDecimal(lines[1]);
  if (!size) {
    return absl::InvalidArgumentError("the checkpoint's size is not a plain decimal number");
  }
  checkpoint.size = *size;
  ASSIGN_OR_RETURN(const std::string root, crypto::ParseBase64(lines[2]));
  ASSIGN_OR_RETURN(checkpoint.root, ParseHash(root));
  return checkpoint;
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key) {
  ASSIGN_OR_RETURN(const std::string text, OpenNote(note, key));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(text));
  if (checkpoint.origin != key.name()) {
    return absl::InvalidArgumentError("the checkpoint is of another log");
  }
  return checkpoint;
}

}  // namespace kasbah::merkle
