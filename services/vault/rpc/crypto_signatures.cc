// CryptoService's signatures, and random bytes.

#include <utility>

#include "libs/crypto/hash.h"
#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/verification.h"

namespace kasbah::vault {
namespace {

constexpr KeyUse kSign{"crypto.sign", KeyPurpose::kSign};
constexpr KeyUse kVerify{"crypto.verify", KeyPurpose::kSign, /*makes=*/false};
constexpr KeyUse kPublicKey{"crypto.public_key", KeyPurpose::kSign};

constexpr size_t kMostRandomBytes = 1 << 20;

constexpr auto kSignOne = [](const KeyLease& key, const auto& request,
                             auto* answer) -> absl::Status {
  *answer->mutable_signature() = key.Sign(request.data());
  answer->set_key_version(key.primary_version());
  return absl::OkStatus();
};

constexpr auto kVerifyOne = [](const KeyLease& key, const auto& request,
                               auto* answer) -> absl::Status {
  return SetValid(
      key.VersionOfSignature(request.key_version(), request.data(), request.signature()), answer);
};

template <typename Answer>
void AddPublicKeys(const KeyLease& key, Answer* answer) {
  for (KeyLease::PublicKey& one : key.PublicKeys()) {
    v1::PublicKey* added = answer->add_versions();
    added->set_version(one.version);
    added->set_public_key(std::move(one.raw));
  }
}

}  // namespace

absl::StatusOr<v1::AsymmetricSignResponse> CryptoService::DoAsymmetricSign(
    const rpc::Call& call, const v1::AsymmetricSignRequest& request) {
  return keys_.Once<v1::AsymmetricSignResponse>(call, kSign, request, kSignOne);
}

absl::StatusOr<v1::BatchAsymmetricSignResponse> CryptoService::DoBatchAsymmetricSign(
    const rpc::Call& call, const v1::BatchAsymmetricSignRequest& request) {
  return keys_.Batch<v1::BatchAsymmetricSignResponse>(call, kSign, request, kSignOne);
}

absl::StatusOr<v1::AsymmetricVerifyResponse> CryptoService::DoAsymmetricVerify(
    const rpc::Call& call, const v1::AsymmetricVerifyRequest& request) {
  return WithNewestVersions(keys_, call, request, [&] {
    return keys_.Once<v1::AsymmetricVerifyResponse>(call, kVerify, request, kVerifyOne);
  });
}

absl::StatusOr<v1::BatchAsymmetricVerifyResponse> CryptoService::DoBatchAsymmetricVerify(
    const rpc::Call& call, const v1::BatchAsymmetricVerifyRequest& request) {
  return WithNewestVersions(keys_, call, request, [&] {
    return keys_.Batch<v1::BatchAsymmetricVerifyResponse>(call, kVerify, request, kVerifyOne);
  });
}

absl::StatusOr<v1::GetPublicKeyResponse> CryptoService::DoGetPublicKey(
    const rpc::Call& call, const v1::GetPublicKeyRequest& request) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease, keys_.LeaseFor(call, kPublicKey, request));
  v1::GetPublicKeyResponse reply;
  AddPublicKeys(*lease, &reply);
  return reply;
}

absl::StatusOr<v1::BatchGetPublicKeyResponse> CryptoService::DoBatchGetPublicKey(
    const rpc::Call& call, const v1::BatchGetPublicKeyRequest& request) {
  v1::BatchGetPublicKeyResponse reply;
  for (const v1::BatchGetPublicKeyRequest::Item& item : request.items()) {
    v1::BatchGetPublicKeyResponse::Item* answer = reply.add_items();
    const absl::StatusOr<KeyRing::Lease> lease = keys_.LeaseFor(call, kPublicKey, item);
    if (lease.ok()) {
      AddPublicKeys(**lease, answer);
    } else {
      RETURN_IF_ERROR(KeyUser::OfItem(lease.status(), answer));
    }
  }
  return reply;
}

absl::StatusOr<v1::GenerateRandomBytesResponse> CryptoService::DoGenerateRandomBytes(
    const rpc::Call&, const v1::GenerateRandomBytesRequest& request) {
  const uint32_t count = std::max<uint32_t>(request.count(), 1);
  if (size_t{request.size()} * count > kMostRandomBytes) {
    return InvalidField("count", "must ask for at most 1 MiB in all");
  }
  v1::GenerateRandomBytesResponse reply;
  for (uint32_t i = 0; i < count; ++i) reply.add_values(crypto::RandomBytes(request.size()));
  return reply;
}

}  // namespace kasbah::vault
