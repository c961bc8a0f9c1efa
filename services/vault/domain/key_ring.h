#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "services/vault/domain/kek_ring.h"
#include "services/vault/domain/key_lease.h"
#include "services/vault/domain/root_keys.h"

namespace kasbah::vault {

// Where keys are kept. Every call enters the tenant, so it answers TENANT_SUSPENDED and NOT_FOUND
// of the tenant as PostgreSQL has it.
class KeySource {
 public:
  virtual ~KeySource() = default;
  virtual absl::StatusOr<std::optional<StoredKey>> Find(const CallContext& call,
                                                        const KeyName& name) = 0;
  // With its event. ALREADY_EXISTS when another was quicker; FAILED_PRECONDITION, KEK_CHANGED,
  // where the tenant's KEK is not `key.kek` any more.
  virtual absl::Status Create(const CallContext& call, const StoredKey& key) = 0;
  // The tenant's KEK.
  virtual absl::StatusOr<std::optional<StoredKek>> FindKek(const CallContext& call) = 0;
  // Its first, of that share, with its event. Does nothing where there is one.
  virtual absl::Status AddKek(const CallContext& call, const Uuid& share) = 0;
  // Wraps the next version of a key; given what it will be.
  using WrapVersion =
      std::function<absl::StatusOr<std::string>(const StoredKey& key, uint32_t version)>;
  // Adds the version after the primary one and makes it primary, with its event. NOT_FOUND.
  // In a tenant of that state.
  enum class TenantState { kActive, kAny };
  virtual absl::StatusOr<StoredKey> Rotate(const CallContext& call, const KeyName& name,
                                           TenantState state, const WrapVersion& wrap) = 0;
  // Counts uses of a version ahead; fewer than none gives them back. RESOURCE_EXHAUSTED,
  // KEY_VERSION_EXHAUSTED, at its limit.
  virtual absl::Status CountUses(const CallContext& call, KeyId key, uint32_t version,
                                 int64_t uses) = 0;
};

// Tenants' keys, opened on leases that are renewed in the background while they are in use, so that
// cryptography asks the database nothing, and rotation and suspension still hold within the lease.
// When the lease is over and the database away, so is the key. Thread safe.
class KeyRing {
 public:
  KeyRing(const RootKeys& root, KekRing& keks, KeySource& source, const Clock& clock);
  // Stops renewing.
  ~KeyRing();

  using Lease = std::shared_ptr<const KeyLease>;

  // The live lease, if there is one: asks nothing.
  Lease FindLive(TenantId tenant, const KeyName& name);

  // The key of the call's tenant. NOT_FOUND; SEALED; FAILED_PRECONDITION, KEY_PURPOSE_MISMATCH;
  // TENANT_SUSPENDED; what the database answers.
  absl::StatusOr<Lease> Get(const CallContext& call, const KeyName& name, KeyPurpose purpose);
  // The same, made when it is not there.
  absl::StatusOr<Lease> GetOrCreate(const CallContext& call, const KeyName& name,
                                    KeyPurpose purpose);
  // Reads it again whatever the lease says: for a version that another replica made.
  absl::StatusOr<Lease> Refresh(const CallContext& call, const KeyName& name);
  // For this once, kept nowhere: a key of a suspended tenant, for what has to end all the same.
  absl::StatusOr<Lease> OpenOnce(TenantId tenant, const StoredKey& stored) const;
  // A new version, used by this replica from now on.
  absl::StatusOr<StoredKey> Rotate(const CallContext& call, const KeyName& name);
  // The same where the key's time has come, in a suspended tenant too; otherwise
  // FAILED_PRECONDITION: another replica was faster.
  absl::StatusOr<StoredKey> RotateIfDue(const CallContext& call, const KeyName& name);

  // Takes `uses` of the primary version, counting more ahead where they are not left.
  // RESOURCE_EXHAUSTED, KEY_VERSION_EXHAUSTED.
  absl::Status Take(const CallContext& call, const KeyLease& lease, int64_t uses);

  // A key that nobody has used yet, with `key`'s name, purpose and settings. ALREADY_EXISTS.
  absl::StatusOr<StoredKey> Create(const CallContext& call, StoredKey key);

  // The tenant's KEK, made where there is none; null for the installation's own keys. Errors as of
  // KekRing.
  absl::StatusOr<std::shared_ptr<const Kek>> GetOrMakeKek(const CallContext& call,
                                                          std::optional<StoredKek>* stored);

  // One pass over what is in use: renews leases past half their time, forgets what suspended or has
  // been idle. The background thread's; for tests with a clock of their own.
  void RenewDue();

 private:
  struct Entry {
    Lease lease;
    // Unix nanoseconds of the last use.
    std::atomic<int64_t> used{0};
  };
  absl::StatusOr<Lease> Load(const CallContext& call, const KeyName& name, bool create,
                             KeyPurpose purpose, bool even_if_live);
  Lease Keep(const std::string& slot, Lease lease);
  void Forget(const std::string& slot);
  void GiveBack(const KeyLease& lease);
  absl::StatusOr<std::shared_ptr<const Kek>> OpenKek(TenantId tenant, const StoredKey& key) const;
  absl::StatusOr<std::string> WrapNext(const CallContext& call, const StoredKey& key,
                                       uint32_t version) const;
  absl::StatusOr<StoredKey> Rotated(const CallContext& call, absl::StatusOr<StoredKey> rotated);
  void RenewUntilStopped();
  static absl::StatusOr<Lease> ForPurpose(Lease lease, KeyPurpose purpose);

  const RootKeys& root_;
  KekRing& keks_;
  KeySource& source_;
  const Clock& clock_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
  // One reader of the same key at a time; the rest find what it read.
  std::array<absl::Mutex, 64> loading_;
  absl::Mutex stop_mutex_;
  bool stop_ ABSL_GUARDED_BY(stop_mutex_) = false;
  std::thread renewer_;
};

}  // namespace kasbah::vault
