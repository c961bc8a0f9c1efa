#include "services/audit/log/key_sealer.h"

#include <utility>

#include "libs/base/call_context.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/channel.h"

namespace kasbah::audit {
namespace {

constexpr char kKeyName[] = "checkpoint-key";
constexpr absl::Duration kTimeout = absl::Seconds(5);

CallContext ForVault(const Clock& clock) {
  return CallContext::ForBackground("service/audit", kSystemTenant, clock.Now() + kTimeout);
}

}  // namespace

VaultKeySealer::VaultKeySealer(std::shared_ptr<grpc::Channel> vault, const Clock& clock)
    : stub_(vault::v1::CryptoService::NewStub(std::move(vault))), clock_(clock) {}

absl::StatusOr<std::string> VaultKeySealer::Seal(const crypto::SecretBytes& seed,
                                                 std::string_view public_key) {
  vault::v1::EncryptRequest request;
  request.set_key(kKeyName);
  request.set_plaintext(std::string(seed.view(crypto::SecretAccess::ForSeal())));
  (*request.mutable_context())["public_key"] = crypto::Base64Url(public_key);
  const absl::StatusOr<vault::v1::EncryptResponse> reply =
      rpc::Invoke(ForVault(clock_), *stub_, &vault::v1::CryptoService::Stub::Encrypt, request);
  crypto::Wipe(*request.mutable_plaintext());
  if (!reply.ok()) return reply.status();
  return reply->ciphertext();
}

absl::StatusOr<crypto::SecretBytes> VaultKeySealer::Open(std::string_view sealed,
                                                         std::string_view public_key) {
  vault::v1::DecryptRequest request;
  request.set_key(kKeyName);
  request.set_ciphertext(std::string(sealed));
  (*request.mutable_context())["public_key"] = crypto::Base64Url(public_key);
  ASSIGN_OR_RETURN(
      vault::v1::DecryptResponse reply,
      rpc::Invoke(ForVault(clock_), *stub_, &vault::v1::CryptoService::Stub::Decrypt, request));
  crypto::SecretBytes seed = crypto::SecretBytes::Copy(reply.plaintext());
  crypto::Wipe(*reply.mutable_plaintext());
  return seed;
}

}  // namespace kasbah::audit
