#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "services/auth/trust/key_certifier.h"

namespace kasbah::auth {

// The vault's key "assertion-certificates", which belongs to service/auth and the system tenant.
// Thread safe.
class VaultCertifier : public KeyCertifier {
 public:
  explicit VaultCertifier(const std::shared_ptr<grpc::Channel>& vault);

  absl::StatusOr<std::string> Sign(std::string_view text) override;
  absl::StatusOr<std::vector<std::string>> PublicKeys() override;

 private:
  std::unique_ptr<vault::v1::CryptoService::Stub> crypto_;
};

}  // namespace kasbah::auth
