#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "services/webhook/delivery/signer.h"

namespace kasbah::webhook {

// The vault's key that endpoints' secrets are sealed with, and what each is bound to.
inline constexpr char kSecretKey[] = "endpoint-secrets";
std::map<std::string, std::string> SecretContext(EndpointId endpoint);

// Signs by the vault's BatchSealedMac, so that secrets are never in this process. One call for a
// batch, several only where their contents would not fit one message.
class VaultSigner : public Signer {
 public:
  // `workload`: this service's SPIFFE path.
  VaultSigner(std::shared_ptr<grpc::Channel> vault, std::string workload);
  absl::StatusOr<std::vector<Signed>> Sign(const std::vector<ToSign>& items) override;

 private:
  absl::Status SignSome(const std::vector<ToSign>& items, size_t from, size_t to,
                        std::vector<Signed>* out);

  std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
  const std::string workload_;
};

}  // namespace kasbah::webhook
