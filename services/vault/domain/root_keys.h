#pragma once

#include <atomic>
#include <map>
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

// A root key as stored: wrapped by each seal, by the seal's name.
struct StoredRootKey {
  RootKeyRef ref;
  std::map<std::string, std::string> wraps;
};

// Where root keys are kept.
class RootKeySource {
 public:
  virtual ~RootKeySource() = default;
  // Ascending by version.
  virtual absl::StatusOr<std::vector<StoredRootKey>> List(absl::Time deadline) = 0;
  // Does nothing when a key of that version is there: of replicas that start together one is first.
  virtual absl::Status InsertIfAbsent(const StoredRootKey& key, absl::Time deadline) = 0;
  // Nothing where that seal has one already.
  virtual absl::Status AddWrap(uint32_t version, const std::string& seal,
                               const std::string& wrapped, absl::Time deadline) = 0;
};

// Which key version a wrapped key is, bound to it.
struct WrappedKeyRef {
  TenantId tenant;
  KeyId key;
  uint32_t version = 0;
  KeyPurpose purpose = KeyPurpose::kEncrypt;
};

// A seal as an operator sees it.
struct SealHealth {
  std::string name;
  // Whether this process is set up with it; otherwise only what it wrapped is left.
  bool is_configured = false;
  // Root keys that it wrapped, and of these the ones that it opened just now.
  uint32_t wrapped = 0;
  uint32_t opened = 0;
  // What is wrong, for people; empty when nothing is.
  std::string problem;
};

// The root keys, once a seal has opened them: what wraps every tenant's keys. Sealed until then,
// and everything that needs a key answers UNAVAILABLE, reason SEALED. Thread safe.
class RootKeys {
 public:
  // In the order in which they are tried. All outlive it.
  RootKeys(std::vector<Seal*> seals, RootKeySource& source, const Clock& clock);

  // One try: lists the root keys, makes the first where there is none, wrapped by every seal, and
  // opens all of them, each by the first seal that can. Never makes one beside a key that does not
  // open. Nothing more to do once it succeeded.
  absl::Status Unseal(absl::Time deadline);

  // UNAVAILABLE, SEALED, until unsealed.
  absl::Status Ready() const;
  // 0 while sealed.
  uint32_t version() const { return version_.load(std::memory_order_acquire); }
  // Of what it is set up with: "file, pkcs11".
  const std::string& seal_names() const { return seal_names_; }

  // Has every seal that is set up wrap what it has not wrapped yet: this is how a seal is added
  // while the vault runs. The first thing that went wrong; the others are done all the same.
  absl::Status WrapMissing(absl::Time deadline);

  // Every seal that is set up or has wrapped something, each tried now. SEALED.
  absl::StatusOr<std::vector<SealHealth>> Check(absl::Time deadline);

  // Under the newest root key, with what the key is. For WrapKey alone, which puts a tenant's KEK
  // between them.
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
  absl::StatusOr<crypto::SecretBytes> OpenBySeals(const StoredRootKey& key) const;
  // The key, by one seal, whole.
  static absl::StatusOr<crypto::SecretBytes> OpenBy(Seal& seal, const StoredRootKey& key);
  // A copy of what is open; nothing for one that is not.
  absl::StatusOr<crypto::SecretBytes> Copy(const RootKeyRef& ref) const;

  const std::vector<Seal*> seals_;
  const std::string seal_names_;
  RootKeySource& source_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::vector<Opened> opened_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint32_t> version_{0};
};

}  // namespace kasbah::vault
