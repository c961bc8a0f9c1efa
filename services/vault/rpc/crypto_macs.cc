// CryptoService's MACs and blind indexes.

#include <utility>

#include "libs/crypto/hash.h"
#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/verification.h"

namespace kasbah::vault {
namespace {

constexpr KeyUse kMac{"crypto.mac", KeyPurpose::kMac};
constexpr KeyUse kMacVerify{"crypto.mac_verify", KeyPurpose::kMac, /*makes=*/false};
constexpr KeyUse kBlindIndex{"crypto.blind_index", KeyPurpose::kBlindIndex};
// The key that sealed the MAC's key; only opened here.
constexpr KeyUse kSealedMac{"crypto.mac", KeyPurpose::kEncrypt, /*makes=*/false};

constexpr size_t kShortestMacKey = 16;
constexpr size_t kLongestMacKey = 64;
constexpr uint32_t kShortestIndex = 8;
constexpr uint32_t kLongestIndex = 256;

uint32_t VersionUsed(const KeyLease& key, uint32_t asked) {
  return asked == 0 ? key.primary_version() : asked;
}

constexpr auto kMacOne = [](const KeyLease& key, const auto& request,
                            auto* answer) -> absl::Status {
  ASSIGN_OR_RETURN(*answer->mutable_mac(), key.Mac(request.key_version(), request.data()));
  answer->set_key_version(VersionUsed(key, request.key_version()));
  return absl::OkStatus();
};

constexpr auto kMacVerifyOne = [](const KeyLease& key, const auto& request,
                                  auto* answer) -> absl::Status {
  return SetValid(key.VersionOfMac(request.key_version(), request.data(), request.mac()), answer);
};

constexpr auto kBlindIndexOne = [](const KeyLease& key, const auto& request,
                                   auto* answer) -> absl::Status {
  const uint32_t bits = request.bits() == 0 ? kLongestIndex : request.bits();
  if (bits < kShortestIndex) return InvalidField("bits", "must be 8 to 256");
  ASSIGN_OR_RETURN(
      *answer->mutable_index(),
      key.BlindIndex(request.key_version(), PairsOf(request.context()), request.value(), bits));
  answer->set_key_version(VersionUsed(key, request.key_version()));
  return absl::OkStatus();
};

absl::StatusOr<std::string> MacUnderSealedKey(const KeyLease& key,
                                              const v1::BatchSealedMacRequest::Item& item) {
  ASSIGN_OR_RETURN(const crypto::SecretBytes mac_key,
                   key.OpenSealed(kEncryptUse, PairsOf(item.context()), item.sealed_key()));
  if (mac_key.size() < kShortestMacKey || mac_key.size() > kLongestMacKey) {
    return Error(absl::StatusCode::kInvalidArgument, "MAC_KEY_SIZE",
                 "a sealed MAC key has 16 to 64 bytes");
  }
  return crypto::HmacSha256(mac_key, item.data());
}

}  // namespace

std::optional<absl::StatusOr<v1::MacSignResponse>> CryptoService::TryMacSign(
    const rpc::Call& call, const v1::MacSignRequest& request) {
  return keys_.TryOnce<v1::MacSignResponse>(call, kMac, request, kMacOne);
}

absl::StatusOr<v1::MacSignResponse> CryptoService::DoMacSign(const rpc::Call& call,
                                                             const v1::MacSignRequest& request) {
  return keys_.Once<v1::MacSignResponse>(call, kMac, request, kMacOne);
}

absl::StatusOr<v1::BatchMacSignResponse> CryptoService::DoBatchMacSign(
    const rpc::Call& call, const v1::BatchMacSignRequest& request) {
  return keys_.Batch<v1::BatchMacSignResponse>(call, kMac, request, kMacOne);
}

absl::StatusOr<v1::MacVerifyResponse> CryptoService::DoMacVerify(
    const rpc::Call& call, const v1::MacVerifyRequest& request) {
  return WithNewestVersions(keys_, call, request, [&] {
    return keys_.Once<v1::MacVerifyResponse>(call, kMacVerify, request, kMacVerifyOne);
  });
}

absl::StatusOr<v1::BatchMacVerifyResponse> CryptoService::DoBatchMacVerify(
    const rpc::Call& call, const v1::BatchMacVerifyRequest& request) {
  return WithNewestVersions(keys_, call, request, [&] {
    return keys_.Batch<v1::BatchMacVerifyResponse>(call, kMacVerify, request, kMacVerifyOne);
  });
}

std::optional<absl::StatusOr<v1::BlindIndexResponse>> CryptoService::TryBlindIndex(
    const rpc::Call& call, const v1::BlindIndexRequest& request) {
  return keys_.TryOnce<v1::BlindIndexResponse>(call, kBlindIndex, request, kBlindIndexOne);
}

absl::StatusOr<v1::BlindIndexResponse> CryptoService::DoBlindIndex(
    const rpc::Call& call, const v1::BlindIndexRequest& request) {
  return keys_.Once<v1::BlindIndexResponse>(call, kBlindIndex, request, kBlindIndexOne);
}

absl::StatusOr<v1::BatchBlindIndexResponse> CryptoService::DoBatchBlindIndex(
    const rpc::Call& call, const v1::BatchBlindIndexRequest& request) {
  return keys_.Batch<v1::BatchBlindIndexResponse>(call, kBlindIndex, request, kBlindIndexOne);
}

absl::StatusOr<v1::BatchSealedMacResponse> CryptoService::DoBatchSealedMac(
    const rpc::Call& call, const v1::BatchSealedMacRequest& request) {
  v1::BatchSealedMacResponse reply;
  reply.mutable_items()->Reserve(request.items_size());
  // Every item is work for its own tenant, and is counted there.
  CallContext of_tenant = call;
  for (const v1::BatchSealedMacRequest::Item& item : request.items()) {
    ASSIGN_OR_RETURN(of_tenant.tenant, TenantId::Parse(item.tenant_id()));
    v1::BatchSealedMacResponse::Item* answer = reply.add_items();
    const absl::StatusOr<KeyRing::Lease> key =
        keys_.LeaseFor(of_tenant, kSealedMac, request.key(), item);
    absl::StatusOr<std::string> mac =
        key.ok() ? MacUnderSealedKey(**key, item) : absl::StatusOr<std::string>(key.status());
    if (mac.ok()) {
      answer->set_mac(*std::move(mac));
      keys_.Count(of_tenant, kSealedMac.action, **key, 1);
    } else if (IsTenantRefused(mac.status())) {
      // The item's own tenant, not the call's.
      answer->set_error(ReasonOf(mac.status()));
    } else {
      RETURN_IF_ERROR(KeyUser::OfItem(mac.status(), answer));
    }
  }
  return reply;
}

}  // namespace kasbah::vault
