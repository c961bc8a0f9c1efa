#include "services/witness/domain/witness_key.h"

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/note.h"

namespace kasbah::witness {
namespace {

constexpr std::string_view kPrefix = "PRIVATE+KEY+";
constexpr char kEd25519 = 0x01;

absl::Status Malformed() {
  return absl::InvalidArgumentError(
      "not a private key of a note: PRIVATE+KEY+<name>+<hash>+<Base64>");
}

}  // namespace

absl::StatusOr<WitnessKey> WitnessKey::Generate(std::string_view name) {
  WitnessKey made{std::string(name), crypto::Ed25519Key::Generate()};
  RETURN_IF_ERROR(merkle::VerifierKey::Create(name, made.key.public_key()).status());
  return made;
}

absl::StatusOr<WitnessKey> WitnessKey::Parse(const crypto::SecretBytes& text) {
  std::string_view rest = text.view(crypto::SecretAccess::ForSeal());
  if (!rest.starts_with(kPrefix) || !rest.ends_with('\n')) return Malformed();
  rest.remove_prefix(kPrefix.size());
  rest.remove_suffix(1);
  const size_t first = rest.find('+');
  const size_t second = rest.find('+', first + 1);
  if (second == std::string_view::npos) return Malformed();
  absl::StatusOr<std::string> typed = crypto::ParseBase64(rest.substr(second + 1));
  if (!typed.ok() || typed->size() != 33 || typed->front() != kEd25519) return Malformed();
  const crypto::SecretBytes seed = crypto::SecretBytes::Copy(std::string_view(*typed).substr(1));
  crypto::Wipe(*typed);
  ASSIGN_OR_RETURN(crypto::Ed25519Key key, crypto::Ed25519Key::FromSeed(seed));
  const std::string_view name = rest.substr(0, first);
  const auto verifier = merkle::VerifierKey::Create(name, key.public_key());
  if (!verifier.ok() ||
      crypto::Hex(verifier->hash()) != rest.substr(first + 1, second - first - 1)) {
    return Malformed();
  }
  return WitnessKey{std::string(name), std::move(key)};
}

crypto::SecretBytes WitnessKey::Serialize() const {
  const crypto::SecretBytes seed = key.Seed();
  std::string typed(1, kEd25519);
  typed.append(seed.view(crypto::SecretAccess::ForSeal()));
  const auto verifier = merkle::VerifierKey::Create(name, key.public_key());
  std::string text = StrCat(kPrefix, name, "+", crypto::Hex(verifier.value().hash()), "+",
                            crypto::Base64(typed), "\n");
  crypto::SecretBytes secret = crypto::SecretBytes::Copy(text);
  crypto::Wipe(typed);
  crypto::Wipe(text);
  return secret;
}

std::string WitnessKey::VerifierKey() const {
  return merkle::VerifierKey::Create(name, key.public_key(), merkle::NoteKeyType::kCosignatureV1)
      .value()
      .ToString();
}

}  // namespace kasbah::witness
