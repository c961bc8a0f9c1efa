#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/crypto/p256.h"
#include "libs/crypto/rsa.h"

namespace kasbah::auth {

// A cluster's public key: RS256 or ES256, by what it is.
class KubernetesKey {
 public:
  explicit KubernetesKey(crypto::RsaPublicKey key) : key_(std::move(key)) {}
  explicit KubernetesKey(crypto::P256PublicKey key) : key_(std::move(key)) {}

  // The `alg` that a token of this key has.
  std::string_view algorithm() const;
  bool Verify(std::string_view message, std::string_view signature) const;

 private:
  std::variant<crypto::RsaPublicKey, crypto::P256PublicKey> key_;
};

using KubernetesKeys = absl::flat_hash_map<std::string, KubernetesKey>;

// By key id, from a JWK Set (RFC 7517). Keys of other kinds, uses or algorithms are passed over.
// INVALID_ARGUMENT when it is no JWK Set.
absl::StatusOr<KubernetesKeys> ParseKubernetesKeys(std::string_view json);

}  // namespace kasbah::auth
