#pragma once

#include <vector>

#include "libs/postgres/transaction.h"
#include "services/audit/domain/redaction.h"

namespace kasbah::audit::redaction_store {

// In the tenant's scope.

// Events of the log that have a value which the redaction covers, `limit` at the most, ascending.
postgres::Pending<std::vector<uint64_t>> Choose(postgres::Transaction& tx, TenantId tenant,
                                                const Redaction& redaction, int limit);
// Destroys values and salts of `fields` in these events.
void Destroy(postgres::Transaction& tx, TenantId tenant, const std::vector<uint64_t>& sequences,
             int fields);
// Notes that the tenant's bundles are to be gone through.
void AddPending(postgres::Transaction& tx, TenantId tenant, const Redaction& redaction,
                absl::Time now);
// The same for all that the tenant's bundles have, unless it is noted already.
void AddOfTenant(postgres::Transaction& tx, TenantId tenant, absl::Time now);

// Through the upkeep's door.
struct PendingRedaction {
  TenantId tenant;
  Uuid id;
  Redaction redaction;
};
postgres::Pending<std::vector<PendingRedaction>> ListPending(postgres::Transaction& tx, int limit);
void RemovePending(postgres::Transaction& tx, const PendingRedaction& done);

}  // namespace kasbah::audit::redaction_store
