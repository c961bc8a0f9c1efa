#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::witness {

// A witness's name and private key, in the form that C2SP tools share:
// "PRIVATE+KEY+<name>+<hash>+<Base64 of 0x01 ‖ seed>" and a newline.
struct WitnessKey {
  std::string name;
  crypto::Ed25519Key key;

  // INVALID_ARGUMENT for a name that a note cannot carry.
  static absl::StatusOr<WitnessKey> Generate(std::string_view name);
  // INVALID_ARGUMENT, without a byte of it, for anything that Serialize does not write.
  static absl::StatusOr<WitnessKey> Parse(const crypto::SecretBytes& text);
  crypto::SecretBytes Serialize() const;
  // What logs and verifiers are given: a verifier key of signature type 4.
  std::string VerifierKey() const;
};

}  // namespace kasbah::witness
