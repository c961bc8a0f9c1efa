#include "services/audit/sinks/sink_secrets.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/rpc/channel.h"

namespace kasbah::audit {

std::map<std::string, std::string> SecretContext(SinkId sink) {
  return {{"sink", sink.ToString()}};
}

VaultSinkSecrets::VaultSinkSecrets(std::shared_ptr<grpc::Channel> vault)
    : vault_(vault::v1::CryptoService::NewStub(std::move(vault))) {}

absl::StatusOr<std::string> VaultSinkSecrets::Seal(const CallContext& call, SinkId sink,
                                                   const std::string& secret) {
  if (secret.empty()) return std::string();
  vault::v1::EncryptRequest request;
  request.set_key(kSinkKey);
  request.set_plaintext(secret);
  for (const auto& [key, value] : SecretContext(sink)) (*request.mutable_context())[key] = value;
  absl::StatusOr<vault::v1::EncryptResponse> sealed =
      rpc::Invoke(call, *vault_, &vault::v1::CryptoService::Stub::Encrypt, request);
  crypto::Wipe(*request.mutable_plaintext());
  if (!sealed.ok()) return sealed.status();
  return std::move(*sealed->mutable_ciphertext());
}

absl::StatusOr<crypto::SecretBytes> VaultSinkSecrets::Open(const CallContext& call, SinkId sink,
                                                           const std::string& sealed) {
  if (sealed.empty()) return crypto::SecretBytes();
  vault::v1::DecryptRequest request;
  request.set_key(kSinkKey);
  request.set_ciphertext(sealed);
  for (const auto& [key, value] : SecretContext(sink)) (*request.mutable_context())[key] = value;
  ASSIGN_OR_RETURN(vault::v1::DecryptResponse opened,
                   rpc::Invoke(call, *vault_, &vault::v1::CryptoService::Stub::Decrypt, request));
  crypto::SecretBytes secret = crypto::SecretBytes::Copy(opened.plaintext());
  crypto::Wipe(*opened.mutable_plaintext());
  return secret;
}

}  // namespace kasbah::audit
