#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libs/crypto/ed25519.h"
#include "libs/crypto/p256.h"
#include "libs/crypto/secret_bytes.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/use_block.h"

namespace kasbah::vault {

// One version of a key in the form that its purpose works with: for anything but sealing derived
// from the stored bytes under a label of its own. Immutable but for its uses, so leases share it.
class OpenedVersion {
 public:
  static std::shared_ptr<const OpenedVersion> Of(KeyPurpose purpose, uint32_t number,
                                                 crypto::SecretBytes stored);

  uint32_t number() const { return number_; }
  // For sealing, MACs and indexes.
  const crypto::SecretBytes& key() const { return key_; }
  // For signing keys.
  std::string Sign(std::string_view data) const;
  bool Verify(std::string_view data, std::string_view signature) const;
  const std::string& public_key() const;

  UseBlock& uses() const { return uses_; }

 private:
  struct Ed25519Pair {
    crypto::Ed25519Key signer;
    crypto::Ed25519PublicKey verifier;
  };
  struct P256Pair {
    crypto::P256Key signer;
    crypto::P256PublicKey verifier;
  };

  uint32_t number_ = 0;
  crypto::SecretBytes key_;
  std::optional<Ed25519Pair> ed25519_;
  std::optional<P256Pair> p256_;
  mutable UseBlock uses_;
};

}  // namespace kasbah::vault
