#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/database.h"
#include "services/auth/domain/revocation.h"

namespace kasbah::auth {

// Writes a revocation in the transaction of the change that makes it, within the tenant.
postgres::Pending<postgres::Result> AppendRevocation(postgres::Transaction& tx, TenantId tenant,
                                                     const Revocation& revocation);

// Everybody's revocations, through the resolver's door. Thread safe.
class RevocationStore {
 public:
  struct Recorded {
    Uuid id;
    Revocation revocation;
  };
  struct SuspendedTenant {
    TenantId tenant;
    // Another one each time that the tenant changes state.
    int64_t state_version = 0;
  };
  struct State {
    std::vector<Recorded> revocations;
    std::vector<SuspendedTenant> suspended;
  };

  explicit RevocationStore(postgres::Door& door) : door_(door) {}

  // Revocations written within `window` (by the database's clock) and the tenants suspended now, as
  // of one moment, in one round trip.
  absl::StatusOr<State> Read(absl::Duration window, absl::Time deadline);
  // Forgets what was written longer than `age` ago.
  absl::Status Prune(absl::Duration age, absl::Time deadline);

 private:
  postgres::Door& door_;
};

}  // namespace kasbah::auth
