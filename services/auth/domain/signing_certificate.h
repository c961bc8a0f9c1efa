#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace kasbah::auth {

// A process's public signing key with the vault's word for it.
struct CertifiedKey {
  // RFC 7638 thumbprint of the public key, so an id cannot be given to another key.
  std::string key_id;
  // Raw Ed25519, 32 bytes.
  std::string public_key;
  // Whole seconds.
  absl::Time not_after;
  // The vault's Ed25519 signature of CertificateText.
  std::string certificate;
};

// The JWK thumbprint (RFC 7638, RFC 8037 A.3) of an Ed25519 public key, base64url.
std::string KeyIdOf(std::string_view public_key);

// What the vault signs: a label that no other use of the vault's key shares, the issuer whose
// assertions the key may sign, key id, public key and end, a line each.
std::string CertificateText(std::string_view issuer, const CertifiedKey& key);

// The key as a member of a JWK Set (RFC 7517, RFC 8037).
std::string ToJwk(const CertifiedKey& key);

}  // namespace kasbah::auth
