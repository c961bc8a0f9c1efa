#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/root_keys.h"

// What the domain's tests stand on instead of PostgreSQL.
namespace kasbah::vault::fakes {

class MemoryRootKeys : public RootKeySource {
 public:
  absl::StatusOr<std::vector<StoredRootKey>> List(absl::Time) override {
    if (!status.ok()) return status;
    return keys;
  }
  absl::Status InsertIfAbsent(const StoredRootKey& key, absl::Time) override {
    if (inserted_by_another.has_value()) keys.push_back(*inserted_by_another);
    if (keys.empty()) keys.push_back(key);
    return absl::OkStatus();
  }

  absl::Status AddWrap(uint32_t version, const std::string& seal, const std::string& wrapped,
                       absl::Time) override {
    if (!status.ok()) return status;
    for (StoredRootKey& key : keys) {
      if (key.ref.version == version) key.wraps.emplace(seal, wrapped);
    }
    return absl::OkStatus();
  }

  absl::Status status;
  std::vector<StoredRootKey> keys;
  // Another replica's, there just before ours.
  std::optional<StoredRootKey> inserted_by_another;
};

class MemoryShares : public ShareStore {
 public:
  std::string_view name() const override { return "memory"; }
  absl::StatusOr<crypto::SecretBytes> Make(const ShareRef& ref) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    crypto::SecretBytes share = crypto::SecretBytes::Random(kShareSize);
    shares[ref.id] = share.Clone();
    return share;
  }
  absl::StatusOr<crypto::SecretBytes> Read(const ShareRef& ref) override {
    const absl::MutexLock lock(&mutex_);
    ++reads;
    if (!status.ok()) return status;
    const auto it = shares.find(ref.id);
    if (it == shares.end()) return absl::NotFoundError("never made");
    if (it->second.empty()) return absl::DataLossError("destroyed");
    return it->second.Clone();
  }
  absl::Status Destroy(const ShareRef& ref) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    shares[ref.id] = crypto::SecretBytes();
    return absl::OkStatus();
  }

  absl::Mutex mutex_;
  absl::Status status;
  int reads = 0;
  std::map<Uuid, crypto::SecretBytes> shares;
};

// Seals of tenants, all opened by one key.
class MemorySealer : public TenantSealer {
 public:
  absl::Status Check(const TenantSeal& seal) const override {
    return seal.kind == "aws_kms" ? absl::OkStatus() : InvalidField("pkcs11", "is not set up");
  }
  absl::StatusOr<std::string> Wrap(TenantId, const TenantSeal&,
                                   const crypto::SecretBytes& half) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    return std::string(half.view(crypto::SecretAccess::ForTest()));
  }
  absl::StatusOr<crypto::SecretBytes> Unwrap(TenantId, const TenantSeal&,
                                             std::string_view wrapped) override {
    const absl::MutexLock lock(&mutex_);
    ++asked;
    if (!status.ok()) return status;
    return crypto::SecretBytes::Copy(wrapped);
  }

  absl::Mutex mutex_;
  absl::Status status;
  int asked = 0;
};

class MemoryKeys : public KeySource {
 public:
  absl::StatusOr<std::optional<StoredKek>> FindKek(const CallContext& call) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    const auto it = keks.find(call.tenant);
    return it == keks.end() ? std::nullopt : std::optional(it->second);
  }
  absl::Status AddKek(const CallContext& call, const Uuid& share) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    StoredKek kek;
    kek.share = share;
    keks.emplace(call.tenant, kek);
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<StoredKey>> Find(const CallContext& call,
                                                const KeyName& name) override {
    const absl::MutexLock lock(&mutex_);
    ++reads;
    if (!status.ok()) return status;
    const auto it = keys.find({call.tenant, name.ToString()});
    if (it == keys.end()) return std::optional<StoredKey>();
    StoredKey found = it->second;
    if (const auto kek = keks.find(call.tenant); kek != keks.end()) found.kek = kek->second;
    return found;
  }
  absl::Status Create(const CallContext& call, const StoredKey& key) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    ++creates;
    if (!keys.emplace(std::pair(call.tenant, key.name.ToString()), key).second) {
      return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists, "taken");
    }
    return absl::OkStatus();
  }
  absl::StatusOr<StoredKey> Rotate(const CallContext& call, const KeyName& name, TenantState,
                                   const WrapVersion& wrap) override {
    const absl::MutexLock lock(&mutex_);
    const auto it = keys.find({call.tenant, name.ToString()});
    if (it == keys.end()) return NotFound("key");
    StoredKey& key = it->second;
    absl::StatusOr<std::string> wrapped = wrap(key, key.primary_version + 1);
    if (!wrapped.ok()) return wrapped.status();
    ++key.primary_version;
    StoredKeyVersion& added = key.versions.emplace_back();
    added.version = key.primary_version;
    added.wrapped = *wrapped;
    added.created_at = absl::Now();
    return key;
  }
  absl::Status CountUses(const CallContext&, KeyId, uint32_t, int64_t uses) override {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) return status;
    counted += uses;
    return absl::OkStatus();
  }
  void SetStatus(absl::Status next) {
    const absl::MutexLock lock(&mutex_);
    status = std::move(next);
  }

  absl::Mutex mutex_;
  absl::Status status;
  int reads = 0;
  int creates = 0;
  int64_t counted = 0;
  std::map<std::pair<TenantId, std::string>, StoredKey> keys;
  std::map<TenantId, StoredKek> keks;
};

}  // namespace kasbah::vault::fakes
