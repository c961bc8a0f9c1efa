#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::crypto {

// A public key for RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2; JWS's RS256), parsed once: what
// others sign with and we only check. Thread safe.
class RsaPublicKey {
 public:
  // Modulus and exponent, big endian, as a JWK has them (RFC 7518, 6.3.1). INVALID_ARGUMENT for a
  // modulus outside 2,048 to 8,192 bits or an exponent that is even, below 3 or above 2^32.
  static absl::StatusOr<RsaPublicKey> FromNumbers(std::string_view modulus,
                                                  std::string_view exponent);
  bool Verify(std::string_view message, std::string_view signature) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace kasbah::crypto
