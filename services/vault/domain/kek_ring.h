#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "services/vault/domain/kek.h"
#include "services/vault/domain/share_store.h"
#include "services/vault/domain/tenant_sealer.h"

namespace kasbah::vault {

// Tenants' KEKs, opened when they are first needed and looked at again while they are in use: what
// is taken away outside is noticed though the database knows nothing of it. Thread safe.
class KekRing {
 public:
  // A share is read again after that long.
  static constexpr absl::Duration kShareEvery = absl::Seconds(60);
  // A tenant's seal is asked again after that long, and one that gives no answer is believed to
  // have been there for that long: so a tenant who takes its key away is sealed within a minute,
  // counting a lease.
  static constexpr absl::Duration kSealEvery = absl::Seconds(15);
  static constexpr absl::Duration kSealTrusted = absl::Seconds(40);
  // What failed to open fails at once for that long: nobody waits for a seal that is not there, but
  // one caller at a time.
  static constexpr absl::Duration kFailedFor = absl::Seconds(5);
  // For that long after the last failure, kasbah_vault_tenants_sealed counts a tenant.
  static constexpr absl::Duration kCountedFor = absl::Seconds(60);

  KekRing(ShareStore& shares, TenantSealer& sealer, const Clock& clock);
  ~KekRing();

  // FAILED_PRECONDITION, KEY_SHREDDED; UNAVAILABLE: TENANT_SEALED where the tenant's own seal does
  // not open, SHARE_UNAVAILABLE where the share cannot be had.
  absl::StatusOr<std::shared_ptr<const Kek>> Open(TenantId tenant, const StoredKek& stored);

  // The same without remembering anything: for a KEK that is being made, and to see what is wrong
  // in the seal's own words.
  absl::StatusOr<std::shared_ptr<const Kek>> OpenNow(TenantId tenant, const StoredKek& stored);

  // A share for a tenant that has none yet.
  absl::StatusOr<Uuid> MakeShare(TenantId tenant);

  // One look at what is in use and due; the background thread's, for tests with a clock of their
  // own.
  void CheckDue();

  ShareStore& shares() { return shares_; }
  TenantSealer& sealer() { return sealer_; }

 private:
  struct Entry {
    StoredKek stored;
    std::shared_ptr<const Kek> kek;
    // Why there is none.
    absl::Status failure;
    absl::Time failed_at = absl::InfinitePast();
    absl::Time used_at;
    absl::Time verified_at;
    absl::Time checked_at;
    bool is_opening = false;
  };
  struct Due {
    TenantId tenant;
    StoredKek stored;
  };
  absl::StatusOr<std::shared_ptr<const Kek>> Fetch(TenantId tenant, const StoredKek& stored);
  void CountSealed(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Check(const Due& due);
  void CheckUntilStopped();

  ShareStore& shares_;
  TenantSealer& sealer_;
  const Clock& clock_;

  absl::Mutex mutex_;
  absl::flat_hash_map<TenantId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread checker_;
};

// An error of a share store as callers may see it: KEY_SHREDDED or SHARE_UNAVAILABLE, told in full
// in the log.
absl::Status ShareProblem(const ShareRef& ref, const absl::Status& status);

}  // namespace kasbah::vault
