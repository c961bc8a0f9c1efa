#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// Ed25519 (RFC 8032) private key. Thread safe.
class Ed25519Key {
 public:
  static Ed25519Key Generate();
  // From its 32 byte seed.
  static absl::StatusOr<Ed25519Key> FromSeed(const SecretBytes& seed);
  Ed25519Key(Ed25519Key&&) noexcept;
  Ed25519Key& operator=(Ed25519Key&&) noexcept;
  ~Ed25519Key();

  SecretBytes Seed() const;
  // Raw, 32 bytes.
  const std::string& public_key() const;
  // 64 bytes.
  std::string Sign(std::string_view message) const;

 private:
  struct State;
  explicit Ed25519Key(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A public key, parsed once. Thread safe.
class Ed25519PublicKey {
 public:
  // Raw, 32 bytes.
  static absl::StatusOr<Ed25519PublicKey> FromRaw(std::string_view raw);
  bool Verify(std::string_view message, std::string_view signature) const;
  const std::string& raw() const { return raw_; }

 private:
  struct State;
  std::shared_ptr<const State> state_;
  std::string raw_;
};

}  // namespace kasbah::crypto
