#pragma once

#include <vector>

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/metrics.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/store/due_store.h"
#include "services/vault/store/lease_store.h"
#include "services/vault/upkeep/target_access.h"
#include "services/vault/upkeep/target_logins.h"

namespace kasbah::vault {

// Ends leases: those whose time is over, those that somebody revoked, those whose maker did not
// come to an end. In suspended tenants too. A target that does not answer is tried again, ever less
// often, and holds up nobody else's. Thread safe.
class LeaseKeeper {
 public:
  LeaseKeeper(postgres::Door& door, postgres::Database& database, outbox::Outbox& outbox,
              const RootKeys& root, TargetAccess& access, const Clock& clock);

  // One pass over what is due.
  absl::Status RunOnce();
  // Ends one that was marked so, now, and says what it has become; what fails is tried again by
  // RunOnce. For a caller that claimed it.
  absl::StatusOr<Lease> Finish(TenantId tenant, const Lease& lease);

 private:
  // Leases of one database.
  struct Group {
    TenantId tenant;
    DatabaseId database;
    std::vector<LeaseId> leases;
  };
  absl::Status Work(const Group& group);
  // Marks what expired, forgets what ended; the others.
  absl::StatusOr<std::vector<Lease>> Mark(const Group& group);
  // All of one database, over one connection. Where that cannot be had, none of them ends.
  absl::Status EndAll(TenantId tenant, const std::vector<Lease>& leases);
  absl::Status EndOne(TargetLogins& logins, TenantId tenant, const Lease& lease);
  void Forget(TenantId tenant, const std::vector<LeaseId>& ids);
  void PutOff(TenantId tenant, const Lease& lease, const absl::Status& why);
  CallContext CallFor(TenantId tenant) const;

  postgres::Door& door_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const RootKeys& root_;
  TargetAccess& access_;
  const Clock& clock_;
  telemetry::Counter& ended_;
  telemetry::Counter& failed_;
};

}  // namespace kasbah::vault
