// CryptoService's calls that seal and open.

#include <utility>

#include "libs/crypto/hash.h"
#include "services/vault/rpc/crypto_service.h"

namespace kasbah::vault {
namespace {

constexpr KeyUse kEncrypt{"crypto.encrypt", KeyPurpose::kEncrypt};
constexpr KeyUse kDecrypt{"crypto.decrypt", KeyPurpose::kEncrypt, /*makes=*/false};
constexpr KeyUse kRewrap{"crypto.rewrap", KeyPurpose::kEncrypt};
constexpr KeyUse kDataKey{"crypto.data_key", KeyPurpose::kEncrypt};

constexpr uint32_t kShortestDataKey = 16;
constexpr uint32_t kUsualDataKey = 32;

// Operations: on requests and on items alike.

constexpr auto kEncryptOne = [](const KeyLease& key, const auto& request, auto* answer,
                                const SubjectShare* subject) -> absl::Status {
  ASSIGN_OR_RETURN(*answer->mutable_ciphertext(),
                   key.Seal(kEncryptUse, PairsOf(request.context()), request.plaintext(), subject));
  SetKeyVersion(key.primary_version(), answer);
  return absl::OkStatus();
};

constexpr auto kDecryptOne = [](const KeyLease& key, const auto& request, auto* answer,
                                const SubjectShare* subject) -> absl::Status {
  ASSIGN_OR_RETURN(
      const crypto::SecretBytes plaintext,
      key.OpenSealed(kEncryptUse, PairsOf(request.context()), request.ciphertext(), subject));
  answer->mutable_plaintext()->assign(plaintext.view(crypto::SecretAccess::ForCaller()));
  return absl::OkStatus();
};

constexpr auto kRewrapOne = [](const KeyLease& key, const auto& request, auto* answer,
                               const SubjectShare* subject) -> absl::Status {
  ASSIGN_OR_RETURN(
      const crypto::SecretBytes plaintext,
      key.OpenSealed(kEncryptUse, PairsOf(request.context()), request.ciphertext(), subject));
  const auto& context =
      request.has_new_context() ? request.new_context().pairs() : request.context();
  ASSIGN_OR_RETURN(*answer->mutable_ciphertext(),
                   key.Seal(kEncryptUse, PairsOf(context),
                            plaintext.view(crypto::SecretAccess::ForSeal()), subject));
  // It opened, so it names a version.
  answer->set_old_key_version(crypto::ciphertext_v1::ParseKeyRef(request.ciphertext())->version);
  SetKeyVersion(key.primary_version(), answer);
  return absl::OkStatus();
};

constexpr auto kDataKeyOne = [](const KeyLease& key, const auto& request, auto* answer,
                                const SubjectShare* subject) -> absl::Status {
  const uint32_t size = request.size() == 0 ? kUsualDataKey : request.size();
  if (size < kShortestDataKey) return InvalidField("size", "must be 16 to 1,024 bytes");
  const crypto::SecretBytes fresh = crypto::SecretBytes::Random(size);
  ASSIGN_OR_RETURN(*answer->mutable_ciphertext(),
                   key.Seal(kEncryptUse, PairsOf(request.context()),
                            fresh.view(crypto::SecretAccess::ForSeal()), subject));
  if (!request.without_plaintext()) {
    answer->mutable_plaintext()->assign(fresh.view(crypto::SecretAccess::ForCaller()));
  }
  SetKeyVersion(key.primary_version(), answer);
  return absl::OkStatus();
};

}  // namespace

std::optional<absl::StatusOr<v1::EncryptResponse>> CryptoService::TryEncrypt(
    const rpc::Call& call, const v1::EncryptRequest& request) {
  return keys_.TryOnce<v1::EncryptResponse>(call, kEncrypt, request, kEncryptOne);
}

absl::StatusOr<v1::EncryptResponse> CryptoService::DoEncrypt(const rpc::Call& call,
                                                             const v1::EncryptRequest& request) {
  return keys_.Once<v1::EncryptResponse>(call, kEncrypt, request, kEncryptOne);
}

absl::StatusOr<v1::BatchEncryptResponse> CryptoService::DoBatchEncrypt(
    const rpc::Call& call, const v1::BatchEncryptRequest& request) {
  return keys_.Batch<v1::BatchEncryptResponse>(call, kEncrypt, request, kEncryptOne);
}

std::optional<absl::StatusOr<v1::DecryptResponse>> CryptoService::TryDecrypt(
    const rpc::Call& call, const v1::DecryptRequest& request) {
  return keys_.TryOnce<v1::DecryptResponse>(call, kDecrypt, request, kDecryptOne);
}

absl::StatusOr<v1::DecryptResponse> CryptoService::DoDecrypt(const rpc::Call& call,
                                                             const v1::DecryptRequest& request) {
  return keys_.Once<v1::DecryptResponse>(call, kDecrypt, request, kDecryptOne);
}

absl::StatusOr<v1::BatchDecryptResponse> CryptoService::DoBatchDecrypt(
    const rpc::Call& call, const v1::BatchDecryptRequest& request) {
  return keys_.Batch<v1::BatchDecryptResponse>(call, kDecrypt, request, kDecryptOne);
}

std::optional<absl::StatusOr<v1::RewrapResponse>> CryptoService::TryRewrap(
    const rpc::Call& call, const v1::RewrapRequest& request) {
  return keys_.TryOnce<v1::RewrapResponse>(call, kRewrap, request, kRewrapOne);
}

absl::StatusOr<v1::RewrapResponse> CryptoService::DoRewrap(const rpc::Call& call,
                                                           const v1::RewrapRequest& request) {
  return keys_.Once<v1::RewrapResponse>(call, kRewrap, request, kRewrapOne);
}

absl::StatusOr<v1::BatchRewrapResponse> CryptoService::DoBatchRewrap(
    const rpc::Call& call, const v1::BatchRewrapRequest& request) {
  return keys_.Batch<v1::BatchRewrapResponse>(call, kRewrap, request, kRewrapOne);
}

std::optional<absl::StatusOr<v1::GenerateDataKeyResponse>> CryptoService::TryGenerateDataKey(
    const rpc::Call& call, const v1::GenerateDataKeyRequest& request) {
  return keys_.TryOnce<v1::GenerateDataKeyResponse>(call, kDataKey, request, kDataKeyOne);
}

absl::StatusOr<v1::GenerateDataKeyResponse> CryptoService::DoGenerateDataKey(
    const rpc::Call& call, const v1::GenerateDataKeyRequest& request) {
  return keys_.Once<v1::GenerateDataKeyResponse>(call, kDataKey, request, kDataKeyOne);
}

absl::StatusOr<v1::BatchGenerateDataKeyResponse> CryptoService::DoBatchGenerateDataKey(
    const rpc::Call& call, const v1::BatchGenerateDataKeyRequest& request) {
  return keys_.Batch<v1::BatchGenerateDataKeyResponse>(call, kDataKey, request, kDataKeyOne);
}

}  // namespace kasbah::vault
