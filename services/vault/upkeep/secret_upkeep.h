#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/metrics.h"
#include "services/vault/domain/secret.h"
#include "services/vault/store/due_store.h"

namespace kasbah::vault {

// Does what time asks for: deletes secrets that expired, says which are due for rotation, destroys
// versions whose delay is over, removes secrets that were deleted long enough ago, forgets request
// ids. Each within its tenant's scope, suspended tenants too, with its event, and checked again
// there: replicas may do this at once, and a version that was enabled meanwhile stays.
class SecretUpkeep {
 public:
  SecretUpkeep(postgres::Door& door, postgres::Database& database, outbox::Outbox& outbox,
               const Clock& clock);

  // Does what is due now; how many things.
  absl::StatusOr<int> RunOnce();

 private:
  absl::Status Do(const Due& due);
  absl::Status InTenant(const Due& due, postgres::Transaction& tx, const CallContext& call);
  absl::Status Destroy(const Due& due, const Secret& secret, postgres::Transaction& tx,
                       const CallContext& call);
  absl::Status Rotate(Secret secret, postgres::Transaction& tx, const CallContext& call);
  absl::Status Append(postgres::Transaction& tx, const CallContext& call, std::string_view action,
                      const Secret& secret, uint32_t version = 0);

  postgres::Door& door_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  telemetry::Counter& done_;
};

}  // namespace kasbah::vault
