#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/base/call_context.h"
#include "libs/crypto/secret_bytes.h"
#include "services/audit/domain/sink.h"

namespace kasbah::audit {

// The vault's key that sinks' secrets are sealed with, and what each is bound to.
inline constexpr char kSinkKey[] = "sink-secrets";
std::map<std::string, std::string> SecretContext(SinkId sink);

// Seals and opens what a sink shows to its receiver. Thread safe.
class SinkSecrets {
 public:
  virtual ~SinkSecrets() = default;
  // Of the call's tenant. An empty secret stays empty.
  virtual absl::StatusOr<std::string> Seal(const CallContext& call, SinkId sink,
                                           const std::string& secret) = 0;
  virtual absl::StatusOr<crypto::SecretBytes> Open(const CallContext& call, SinkId sink,
                                                   const std::string& sealed) = 0;
};

class VaultSinkSecrets final : public SinkSecrets {
 public:
  explicit VaultSinkSecrets(std::shared_ptr<grpc::Channel> vault);
  absl::StatusOr<std::string> Seal(const CallContext& call, SinkId sink,
                                   const std::string& secret) override;
  absl::StatusOr<crypto::SecretBytes> Open(const CallContext& call, SinkId sink,
                                           const std::string& sealed) override;

 private:
  const std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
};

}  // namespace kasbah::audit
