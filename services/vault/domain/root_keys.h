#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "services/vault/domain/key.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

// A root key as stored: wrapped by the seal of that name.
struct StoredRootKey {
  RootKeyRef ref;
  std::string seal;
  std::string wrapped;
};

// Where root keys are kept.
class RootKeySource {
 public:
  virtual ~RootKeySource() = default;
  // Ascending by version.
  virtual absl::StatusOr<std::vector<StoredRootKey>> List(absl::Time deadline) = 0;
  // Does nothing when a key of that version is there: of replicas that start together one is first.
  virtual absl::Status InsertIfAbsent(const StoredRootKey& key, absl::Time deadline) = 0;
};

// Which key version a wrapped key is, bound to it.
struct WrappedKeyRef {
  TenantId tenant;
  KeyId key;
  uint32_t version = 0;
  KeyPurpose purpose = KeyPurpose::kEncrypt;
};

// The root keys, once the seal has opened them: what wraps every tenant's keys. Sealed until then,
// and everything that needs a key answers UNAVAILABLE, reason SEALED. Thread safe.
class RootKeys {
 public:
  RootKeys(Seal& seal, RootKeySource& source, const Clock& clock);

  // One try: lists the root keys, makes the first where there is none, and opens all of them. Never
  // makes one beside a key that does not open. Nothing more to do once it succeeded.
  absl::Status Unseal(absl::Time deadline);

  // UNAVAILABLE, SEALED, until unsealed.
  absl::Status Ready() const;
  // 0 while sealed.
  uint32_t version() const { return version_.load(std::memory_order_acquire); }
  std::string_view seal_name() const { return seal_.name(); }

  // Under the newest root key, with what the key is.
  absl::StatusOr<std::string> Wrap(const WrappedKeyRef& ref, const crypto::SecretBytes& key) const;
  // DATA_LOSS when `wrapped` is not what Wrap made for this very key.
  absl::StatusOr<crypto::SecretBytes> Unwrap(const WrappedKeyRef& ref,
                                             std::string_view wrapped) const;

 private:
  struct Opened {
    RootKeyRef ref;
    crypto::SecretBytes key;
  };
  absl::StatusOr<std::vector<StoredRootKey>> ListOrMake(absl::Time deadline);

  Seal& seal_;
  RootKeySource& source_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::vector<Opened> opened_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint32_t> version_{0};
};

}  // namespace kasbah::vault
