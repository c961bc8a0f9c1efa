#include "services/auth/trust/vault_certifier.h"

#include "libs/base/call_context.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/channel.h"

namespace kasbah::auth {
namespace {

constexpr char kKey[] = "assertion-certificates";
constexpr absl::Duration kTimeout = absl::Seconds(5);

CallContext ForInstallation() {
  return CallContext::ForBackground("service/auth", kSystemTenant, absl::Now() + kTimeout);
}

}  // namespace

VaultCertifier::VaultCertifier(const std::shared_ptr<grpc::Channel>& vault)
    : crypto_(vault::v1::CryptoService::NewStub(vault)) {}

absl::StatusOr<std::string> VaultCertifier::Sign(std::string_view text) {
  vault::v1::AsymmetricSignRequest request;
  request.set_key(kKey);
  request.set_data(std::string(text));
  ASSIGN_OR_RETURN(const vault::v1::AsymmetricSignResponse response,
                   rpc::Invoke(ForInstallation(), *crypto_,
                               &vault::v1::CryptoService::Stub::AsymmetricSign, request));
  return response.signature();
}

absl::StatusOr<std::vector<std::string>> VaultCertifier::PublicKeys() {
  vault::v1::GetPublicKeyRequest request;
  request.set_key(kKey);
  ASSIGN_OR_RETURN(const vault::v1::GetPublicKeyResponse response,
                   rpc::Invoke(ForInstallation(), *crypto_,
                               &vault::v1::CryptoService::Stub::GetPublicKey, request));
  std::vector<std::string> keys;
  for (const auto& version : response.versions()) keys.push_back(version.public_key());
  return keys;
}

}  // namespace kasbah::auth
