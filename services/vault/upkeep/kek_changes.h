#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/vault/domain/kek_ring.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/store/kek_store.h"

namespace kasbah::vault {

// What becomes of a tenant's KEK: a seal of the tenant's is set or removed, keys from before there
// were KEKs are put under it, and its end, or a data subject's. Thread safe.
class KekChanges {
 public:
  KekChanges(const RootKeys& root, KekRing& keks, KeyRing& ring, KekStore& store)
      : root_(root), keks_(keks), ring_(ring), store_(store) {}

  // Has the tenant's keys wrapped under a KEK of which `seal` opens a half, or of which no seal
  // does. The seal that was there must open. INVALID_FIELDS; FAILED_PRECONDITION,
  // TENANT_SEAL_REFUSED, in the seal's own words; KEY_SHREDDED; UNAVAILABLE, TENANT_SEALED.
  absl::StatusOr<StoredKek> SetSeal(const CallContext& call, const std::optional<TenantSeal>& seal);

  // The same KEK for the keys that only the root key wraps yet.
  absl::Status Adopt(const CallContext& call);

  // For good: nobody opens anything from the moment it is decided, and then the shares are
  // destroyed. The names of the keys that this concerns; none when it was done before, or there was
  // nothing. UNAVAILABLE, SHARES_NOT_DESTROYED_YET: decided, and what is left is done as soon as it
  // can be.
  absl::StatusOr<std::vector<std::string>> ShredTenant(const CallContext& call);
  absl::StatusOr<std::vector<std::string>> ShredSubject(const CallContext& call,
                                                        const std::string& subject);
  // The tenant's share was destroyed, and everybody's of whom it had data.
  absl::StatusOr<bool> IsTenantShredded(const CallContext& call);
  // Destroys the shares whose end is decided.
  absl::Status DestroyShredded(const CallContext& call);

 private:
  absl::StatusOr<std::vector<KekStore::Wrapped>> WrapAgain(
      const Kek& from, const Kek& to, const std::vector<KekStore::Wrapped>& versions) const;

  const RootKeys& root_;
  KekRing& keks_;
  KeyRing& ring_;
  KekStore& store_;
};

}  // namespace kasbah::vault
