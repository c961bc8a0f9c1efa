#pragma once

#include <optional>
#include <string>

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/store/database_store.h"
#include "services/vault/store/lease_store.h"
#include "services/vault/upkeep/target_access.h"

namespace kasbah::vault {

// Makes logins and lets them last longer. A crash between any two steps leaves a row by which the
// keeper finds, and removes, what there is in the target. Thread safe.
class LeaseIssuer {
 public:
  LeaseIssuer(postgres::Database& database, outbox::Outbox& outbox, TargetAccess& access,
              const Clock& clock)
      : database_(database), outbox_(outbox), access_(access), clock_(clock) {}

  struct Begun {
    Lease lease;
    DatabaseRole role;
    TargetDatabase target;
  };
  struct Issued {
    Lease lease;
    TargetDatabase target;
    crypto::SecretBytes password;
  };
  // All of the steps below. `ttl` unset: the role's own.
  absl::StatusOr<Issued> Issue(const CallContext& call, const std::string& role,
                               std::optional<absl::Duration> ttl);

  // 1. The row, committed before anything is in the target. NOT_FOUND for the role.
  absl::StatusOr<Begun> Begin(const CallContext& call, const std::string& role,
                              std::optional<absl::Duration> ttl);
  // 2. The login.
  absl::Status Create(postgres::ForeignConnection& connection, const Begun& begun,
                      const crypto::SecretBytes& password, absl::Time deadline);
  // 3. Active, committed with the event without which the password may not leave. ABORTED,
  // LEASE_ENDED, when it was revoked meanwhile.
  absl::StatusOr<Lease> Activate(const CallContext& call, const Begun& begun);

  // FAILED_PRECONDITION, LEASE_ENDED; ABORTED, CONTENTION, when it changed meanwhile.
  absl::StatusOr<Lease> Renew(const CallContext& call, LeaseId id,
                              std::optional<absl::Duration> ttl);

 private:
  // Ends it where nothing was sent to the target; otherwise leaves it to the keeper.
  void GiveUp(const CallContext& call, const Begun& begun, bool is_nothing_made,
              const absl::Status& why);
  absl::StatusOr<Lease> Extend(const CallContext& call, const Lease& lease, absl::Time until);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  TargetAccess& access_;
  const Clock& clock_;
};

// The event of something done to a lease.
outbox::v1::AuditEvent LeaseEvent(const CallContext& call, const Clock& clock,
                                  std::string_view action, const Lease& lease);
// By when the target must have answered this call.
absl::Time TargetDeadline(const CallContext& call);

}  // namespace kasbah::vault
