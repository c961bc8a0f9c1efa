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

constexpr size_t kKeyHashSize = 4;
constexpr size_t kTimestampSize = 8;
constexpr size_t kMaxSignatures = 100;
// "— ", the em dash in UTF-8.
constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("not a signed note: ", what));
}

absl::Status NoCheckpoint() {
  return absl::InvalidArgumentError("a checkpoint has an origin, a size and a root");
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

std::string Typed(NoteKeyType type, std::string_view key) {
  const char byte = static_cast<char>(type);
  return StrCat(std::string_view(&byte, 1), key);
}

absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return Malformed("a signature line without its dash");
  line.remove_prefix(kSignaturePrefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsName(line.substr(0, space))) {
    return Malformed("a signature line without a name");
  }
  absl::StatusOr<std::string> bytes = crypto::ParseBase64(line.substr(space + 1));
  if (!bytes.ok() || bytes->size() <= kKeyHashSize)
    return Malformed("a signature that is no Base64");
  return NoteSignature{std::string(line.substr(0, space)), *std::move(bytes)};
}

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

absl::StatusOr<VerifierKey> VerifierKey::Create(std::string_view name, std::string_view public_key,
                                                NoteKeyType type) {
  if (!IsName(name)) return absl::InvalidArgumentError("a key's name has no spaces and no \"+\"");
  ASSIGN_OR_RETURN(crypto::Ed25519PublicKey key, crypto::Ed25519PublicKey::FromRaw(public_key));
  return VerifierKey(std::string(name), type, KeyHash(name, Typed(type, public_key)),
                     std::move(key));
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text, NoteKeyType type) {
  const absl::Status malformed =
      absl::InvalidArgumentError("a verifier key reads name+hash+base64 and is an Ed25519 key");
  const size_t first = text.find('+');
  const size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return malformed;
  const absl::StatusOr<std::string> typed = crypto::ParseBase64(text.substr(second + 1));
  if (!typed.ok() || typed->size() != 33) return malformed;
  if (typed->front() != static_cast<char>(type)) {
    return absl::InvalidArgumentError(type == NoteKeyType::kEd25519
                                          ? "this is not the key of a log (signature type 1)"
                                          : "this is not the key of a witness (signature type 4)");
  }
  absl::StatusOr<VerifierKey> key =
      Create(text.substr(0, first), std::string_view(*typed).substr(1), type);
  if (!key.ok() || crypto::Hex(key->hash()) != text.substr(first + 1, second - first - 1)) {
    return malformed;
  }
  return key;
}

std::string VerifierKey::ToString() const {
  return StrCat(name_, "+", crypto::Hex(hash_), "+", crypto::Base64(Typed(type_, key_.raw())));
}

bool VerifierKey::Verify(std::string_view text, std::string_view signature) const {
  if (type_ == NoteKeyType::kEd25519) return key_.Verify(text, signature);
  if (signature.size() <= kTimestampSize) return false;
  const uint64_t time = BigEndian(signature.substr(0, kTimestampSize));
  if (time > INT64_MAX) return false;
  return key_.Verify(CosignedMessage(text, time), signature.substr(kTimestampSize));
}

std::string CosignedMessage(std::string_view text, uint64_t time) {
  return StrCat("cosignature/v1\ntime ", time, "\n", text);
}

bool NoteSignature::IsOf(const VerifierKey& key) const {
  return name == key.name() && bytes.starts_with(key.hash());
}

bool NoteSignature::Verify(std::string_view text, const VerifierKey& key) const {
  return IsOf(key) && key.Verify(text, std::string_view(bytes).substr(kKeyHashSize));
}

std::string NoteSignature::ToLine() const {
  return StrCat(kSignaturePrefix, name, " ", crypto::Base64(bytes), "\n");
}

absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines) {
  if (!lines.ends_with('\n')) return Malformed("the last line does not end");
  lines.remove_suffix(1);
  std::vector<NoteSignature> signatures;
  for (std::string_view line : SplitOn(lines, '\n')) {
    if (signatures.size() == kMaxSignatures) return Malformed("too many signatures");
    ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(line));
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

absl::StatusOr<ParsedNote> ParseNote(std::string_view note) {
  if (HasControlCharacters(note)) return Malformed("a control character");
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return Malformed("no blank line before the signatures");
  ParsedNote parsed;
  parsed.text = std::string(note.substr(0, blank + 1));
  ASSIGN_OR_RETURN(parsed.signatures, ParseSignatureLines(note.substr(blank + 2)));
  return parsed;
}

absl::StatusOr<std::string> SignNote(std::string_view text, std::string_view name,
                                     const crypto::Ed25519Key& key) {
  if (!text.ends_with('\n') || HasControlCharacters(text)) {
    return Malformed("the text must end in a newline and hold no other control character");
  }
  ASSIGN_OR_RETURN(const VerifierKey verifier, VerifierKey::Create(name, key.public_key()));
  const NoteSignature signature{std::string(name), StrCat(verifier.hash(), key.Sign(text))};
  return StrCat(text, "\n", signature.ToLine());
}

absl::StatusOr<std::string> OpenNote(std::string_view note, const VerifierKey& key) {
  ASSIGN_OR_RETURN(ParsedNote parsed, ParseNote(note));
  bool signed_by_key = false;
  for (const NoteSignature& signature : parsed.signatures) {
    if (!signature.IsOf(key)) continue;
    if (!signature.Verify(parsed.text, key)) {
      return absl::InvalidArgumentError("the signature does not belong to the text");
    }
    signed_by_key = true;
  }
  if (!signed_by_key) return absl::InvalidArgumentError("the note is not signed with this key");
  return std::move(parsed.text);
}

absl::StatusOr<NoteSignature> Cosign(std::string_view text, std::string_view name,
                                     const crypto::Ed25519Key& key, absl::Time now) {
  ASSIGN_OR_RETURN(const VerifierKey verifier,
                   VerifierKey::Create(name, key.public_key(), NoteKeyType::kCosignatureV1));
  const auto time = static_cast<uint64_t>(absl::ToUnixSeconds(now));
  std::string bytes = verifier.hash();
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(time >> shift));
  return NoteSignature{std::string(name), bytes + key.Sign(CosignedMessage(text, time))};
}

absl::StatusOr<absl::Time> CosignedAt(const NoteSignature& signature) {
  constexpr size_t kSize = kKeyHashSize + kTimestampSize + 64;
  if (signature.bytes.size() != kSize) return absl::InvalidArgumentError("not a cosignature");
  const uint64_t time =
      BigEndian(std::string_view(signature.bytes).substr(kKeyHashSize, kTimestampSize));
  if (time > INT64_MAX) return absl::InvalidArgumentError("a cosignature of no time");
  return absl::FromUnixSeconds(static_cast<int64_t>(time));
}

std::string Checkpoint::ToText() const {
  return StrCat(origin, "\n", size, "\n", crypto::Base64(View(root)), "\n");
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  if (SplitOn(text, '\n').size() != 4) return NoCheckpoint();
  return ParseExtended(text);
}

absl::StatusOr<Checkpoint> Checkpoint::ParseExtended(std::string_view text) {
  const std::vector<std::string_view> lines = SplitOn(text, '\n');
  if (lines.size() < 4 || lines[0].empty() || !lines.back().empty()) return NoCheckpoint();
  for (size_t i = 3; i + 1 < lines.size(); ++i) {
    if (lines[i].empty()) return NoCheckpoint();
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
