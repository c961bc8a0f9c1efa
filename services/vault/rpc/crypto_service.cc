#include "services/vault/rpc/crypto_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/hash.h"

namespace kasbah::vault {
namespace {

constexpr std::string_view kEncryptUse = "encrypt";
constexpr size_t kShortestMacKey = 16;
constexpr size_t kLongestMacKey = 64;

KeyName NameFor(const CallContext& call, const std::string& key) { return {call.workload, key}; }

template <typename Map>
crypto::ContextPairs PairsOf(const Map& context) {
  crypto::ContextPairs pairs;
  // Two more come from the vault.
  pairs.reserve(context.size() + 2);
  for (const auto& [key, value] : context) pairs.emplace_back(key, value);
  return pairs;
}

void CopyOut(const crypto::SecretBytes& secret, std::string* field) {
  field->assign(secret.view(crypto::SecretAccess::ForCaller()));
}

// What is one item's own fault or its tenant's state; anything else is the whole call's.
bool IsOfItem(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
      return !ReasonOf(status).empty();
    default:
      return false;
  }
}

// Sealed by another replica, just after a rotation that this one has yet to hear of.
bool IsOfNextVersion(const KeyLease& lease, std::string_view ciphertext) {
  const auto named = crypto::ciphertext_v1::ParseKeyRef(ciphertext);
  return named.ok() && named->key_id == lease.id().uuid() &&
         named->version == lease.primary_version() + 1;
}

}  // namespace

void CryptoService::Count(const CallContext& call, std::string_view action, const KeyLease& key,
                          uint64_t times) {
  counted_.Used(call, action, "key", key.id_text(), key.name_text(), times);
}

KeyRing::Lease CryptoService::LiveLease(const CallContext& call, const std::string& key,
                                        KeyPurpose purpose) {
  KeyRing::Lease lease = ring_.FindLive(call.tenant, NameFor(call, key));
  return lease != nullptr && lease->purpose() == purpose ? lease : nullptr;
}

absl::StatusOr<KeyRing::Lease> CryptoService::LeaseToOpen(const CallContext& call,
                                                          const std::string& key,
                                                          std::string_view ciphertext) {
  const KeyName name = NameFor(call, key);
  absl::StatusOr<KeyRing::Lease> lease = ring_.Get(call, name, KeyPurpose::kEncrypt);
  if (!lease.ok()) {
    return ReasonOf(lease.status()) == reason::kNotFound ? crypto::ciphertext_v1::OpenFailed()
                                                         : lease.status();
  }
  if (IsOfNextVersion(**lease, ciphertext)) return ring_.Refresh(call, name);
  return lease;
}

absl::StatusOr<v1::EncryptResponse> CryptoService::EncryptUnder(const KeyLease& lease,
                                                                const rpc::Call& call,
                                                                const v1::EncryptRequest& request) {
  v1::EncryptResponse reply;
  ASSIGN_OR_RETURN(*reply.mutable_ciphertext(),
                   lease.Seal(kEncryptUse, PairsOf(request.context()), request.plaintext()));
  reply.set_key_version(lease.primary_version());
  Count(call, "crypto.encrypt", lease, 1);
  return reply;
}

std::optional<absl::StatusOr<v1::EncryptResponse>> CryptoService::TryEncrypt(
    const rpc::Call& call, const v1::EncryptRequest& request) {
  const KeyRing::Lease lease = LiveLease(call, request.key(), KeyPurpose::kEncrypt);
  if (lease == nullptr) return std::nullopt;
  return EncryptUnder(*lease, call, request);
}

absl::StatusOr<v1::EncryptResponse> CryptoService::DoEncrypt(const rpc::Call& call,
                                                             const v1::EncryptRequest& request) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease,
                   ring_.GetOrCreate(call, NameFor(call, request.key()), KeyPurpose::kEncrypt));
  return EncryptUnder(*lease, call, request);
}

absl::StatusOr<v1::DecryptResponse> CryptoService::DecryptUnder(const KeyLease& lease,
                                                                const rpc::Call& call,
                                                                const v1::DecryptRequest& request) {
  ASSIGN_OR_RETURN(const crypto::SecretBytes plaintext,
                   lease.OpenSealed(kEncryptUse, PairsOf(request.context()), request.ciphertext()));
  v1::DecryptResponse reply;
  CopyOut(plaintext, reply.mutable_plaintext());
  Count(call, "crypto.decrypt", lease, 1);
  return reply;
}

std::optional<absl::StatusOr<v1::DecryptResponse>> CryptoService::TryDecrypt(
    const rpc::Call& call, const v1::DecryptRequest& request) {
  const KeyRing::Lease lease = LiveLease(call, request.key(), KeyPurpose::kEncrypt);
  if (lease == nullptr || IsOfNextVersion(*lease, request.ciphertext())) return std::nullopt;
  return DecryptUnder(*lease, call, request);
}

absl::StatusOr<v1::DecryptResponse> CryptoService::DoDecrypt(const rpc::Call& call,
                                                             const v1::DecryptRequest& request) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease,
                   LeaseToOpen(call, request.key(), request.ciphertext()));
  return DecryptUnder(*lease, call, request);
}

absl::StatusOr<v1::BatchEncryptResponse> CryptoService::DoBatchEncrypt(
    const rpc::Call& call, const v1::BatchEncryptRequest& request) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease,
                   ring_.GetOrCreate(call, NameFor(call, request.key()), KeyPurpose::kEncrypt));
  v1::BatchEncryptResponse reply;
  reply.mutable_ciphertexts()->Reserve(request.items_size());
  for (const v1::BatchEncryptRequest::Item& item : request.items()) {
    ASSIGN_OR_RETURN(*reply.add_ciphertexts(),
                     lease->Seal(kEncryptUse, PairsOf(item.context()), item.plaintext()));
  }
  reply.set_key_version(lease->primary_version());
  Count(call, "crypto.encrypt", *lease, static_cast<uint64_t>(request.items_size()));
  return reply;
}

absl::StatusOr<v1::BatchDecryptResponse> CryptoService::DoBatchDecrypt(
    const rpc::Call& call, const v1::BatchDecryptRequest& request) {
  v1::BatchDecryptResponse reply;
  reply.mutable_items()->Reserve(request.items_size());
  KeyRing::Lease used;
  uint64_t opened = 0;
  for (const v1::BatchDecryptRequest::Item& item : request.items()) {
    v1::BatchDecryptResponse::Item* answer = reply.add_items();
    absl::StatusOr<KeyRing::Lease> lease = LeaseToOpen(call, request.key(), item.ciphertext());
    absl::StatusOr<crypto::SecretBytes> plaintext =
        lease.ok() ? (*lease)->OpenSealed(kEncryptUse, PairsOf(item.context()), item.ciphertext())
                   : absl::StatusOr<crypto::SecretBytes>(lease.status());
    if (plaintext.ok()) {
      CopyOut(*plaintext, answer->mutable_plaintext());
      used = *std::move(lease);
      ++opened;
    } else if (absl::IsInvalidArgument(plaintext.status())) {
      answer->set_error(ReasonOf(plaintext.status()));
    } else {
      return plaintext.status();
    }
  }
  if (opened > 0) Count(call, "crypto.decrypt", *used, opened);
  return reply;
}

absl::StatusOr<std::string> CryptoService::MacUnderSealedKey(
    const CallContext& call, const std::string& key, const v1::BatchMacRequest::Item& item) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease, LeaseToOpen(call, key, item.sealed_key()));
  ASSIGN_OR_RETURN(const crypto::SecretBytes mac_key,
                   lease->OpenSealed(kEncryptUse, PairsOf(item.context()), item.sealed_key()));
  if (mac_key.size() < kShortestMacKey || mac_key.size() > kLongestMacKey) {
    return Error(absl::StatusCode::kInvalidArgument, "MAC_KEY_SIZE",
                 "a sealed MAC key has 16 to 64 bytes");
  }
  Count(call, "crypto.mac", *lease, 1);
  return crypto::HmacSha256(mac_key, item.data());
}

absl::StatusOr<v1::BatchMacResponse> CryptoService::DoBatchMac(const rpc::Call& call,
                                                               const v1::BatchMacRequest& request) {
  v1::BatchMacResponse reply;
  reply.mutable_items()->Reserve(request.items_size());
  // Every item is work for its own tenant, and is counted there.
  CallContext of_tenant = call;
  for (const v1::BatchMacRequest::Item& item : request.items()) {
    ASSIGN_OR_RETURN(of_tenant.tenant, TenantId::Parse(item.tenant_id()));
    absl::StatusOr<std::string> mac = MacUnderSealedKey(of_tenant, request.key(), item);
    v1::BatchMacResponse::Item* answer = reply.add_items();
    if (mac.ok()) {
      answer->set_mac(*std::move(mac));
    } else if (IsOfItem(mac.status())) {
      answer->set_error(ReasonOf(mac.status()));
    } else {
      return mac.status();
    }
  }
  return reply;
}

absl::StatusOr<v1::MacResponse> CryptoService::MacUnder(const KeyLease& lease,
                                                        const rpc::Call& call,
                                                        const v1::MacRequest& request) {
  const uint32_t version =
      request.key_version() == 0 ? lease.primary_version() : request.key_version();
  v1::MacResponse reply;
  ASSIGN_OR_RETURN(*reply.mutable_mac(), lease.Mac(version, request.data()));
  reply.set_key_version(version);
  Count(call, "crypto.mac", lease, 1);
  return reply;
}

std::optional<absl::StatusOr<v1::MacResponse>> CryptoService::TryMac(
    const rpc::Call& call, const v1::MacRequest& request) {
  const KeyRing::Lease lease = LiveLease(call, request.key(), KeyPurpose::kMac);
  // A version that another replica made is read by the slow path.
  if (lease == nullptr || request.key_version() > lease->primary_version()) return std::nullopt;
  return MacUnder(*lease, call, request);
}

absl::StatusOr<v1::MacResponse> CryptoService::DoMac(const rpc::Call& call,
                                                     const v1::MacRequest& request) {
  const KeyName name = NameFor(call, request.key());
  ASSIGN_OR_RETURN(KeyRing::Lease lease, ring_.GetOrCreate(call, name, KeyPurpose::kMac));
  if (request.key_version() == lease->primary_version() + 1) {
    ASSIGN_OR_RETURN(lease, ring_.Refresh(call, name));
  }
  return MacUnder(*lease, call, request);
}

absl::StatusOr<v1::SignResponse> CryptoService::DoSign(const rpc::Call& call,
                                                       const v1::SignRequest& request) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease,
                   ring_.GetOrCreate(call, NameFor(call, request.key()), KeyPurpose::kSign));
  v1::SignResponse reply;
  reply.set_signature(lease->Sign(request.data()));
  reply.set_key_version(lease->primary_version());
  Count(call, "crypto.sign", *lease, 1);
  return reply;
}

absl::StatusOr<v1::GetPublicKeyResponse> CryptoService::DoGetPublicKey(
    const rpc::Call& call, const v1::GetPublicKeyRequest& request) {
  ASSIGN_OR_RETURN(const KeyRing::Lease lease,
                   ring_.GetOrCreate(call, NameFor(call, request.key()), KeyPurpose::kSign));
  v1::GetPublicKeyResponse reply;
  for (KeyLease::PublicKey& key : lease->PublicKeys()) {
    v1::GetPublicKeyResponse::Version* version = reply.add_versions();
    version->set_version(key.version);
    version->set_public_key(std::move(key.raw));
  }
  return reply;
}

}  // namespace kasbah::vault
