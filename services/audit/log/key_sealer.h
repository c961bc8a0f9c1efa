#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::audit {

// Seals the seed of the signing key, bound to the public key it belongs to. Thread safe.
class KeySealer {
 public:
  virtual ~KeySealer() = default;
  virtual absl::StatusOr<std::string> Seal(const crypto::SecretBytes& seed,
                                           std::string_view public_key) = 0;
  virtual absl::StatusOr<crypto::SecretBytes> Open(std::string_view sealed,
                                                   std::string_view public_key) = 0;
};

// The vault does it, under a key of the installation that only audit may use.
class VaultKeySealer : public KeySealer {
 public:
  VaultKeySealer(std::shared_ptr<grpc::Channel> vault, const Clock& clock);
  absl::StatusOr<std::string> Seal(const crypto::SecretBytes& seed,
                                   std::string_view public_key) override;
  absl::StatusOr<crypto::SecretBytes> Open(std::string_view sealed,
                                           std::string_view public_key) override;

 private:
  std::unique_ptr<vault::v1::CryptoService::Stub> stub_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
