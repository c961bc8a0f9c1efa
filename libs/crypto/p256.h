#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// ECDSA over P-256 with SHA-256 (FIPS 186-5) private key. Thread safe.
class P256Key {
 public:
  static constexpr size_t kSeedSize = 48;

  // From 48 uniform bytes, reduced to a scalar as FIPS 186-5 A.2.1 does with its extra random bits:
  // the same seed is the same key.
  static absl::StatusOr<P256Key> FromSeed(const SecretBytes& seed);
  P256Key(P256Key&&) noexcept;
  P256Key& operator=(P256Key&&) noexcept;
  ~P256Key();

  // Uncompressed point (SEC 1, 2.3.3), 65 bytes.
  const std::string& public_key() const;
  // Of the message's SHA-256, in DER (RFC 3279), 70 to 72 bytes.
  std::string Sign(std::string_view message) const;

 private:
  struct State;
  explicit P256Key(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A public key, parsed once. Thread safe.
class P256PublicKey {
 public:
  // Uncompressed point, 65 bytes, on the curve.
  static absl::StatusOr<P256PublicKey> FromPoint(std::string_view point);
  // Strict DER only.
  bool Verify(std::string_view message, std::string_view signature) const;
  // The other form, as JWS has it (RFC 7518, 3.4): r and s, 32 bytes each.
  bool VerifyRaw(std::string_view message, std::string_view signature) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace kasbah::crypto
