#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/placement/movable_table.h"

namespace kasbah::tenantdata {

// Has changes noted as long as somebody leaves this database, and no longer: every table's trigger
// on or off. CONTENTION while writers hold one up; again, then.
absl::Status FollowChanges(postgres::Door& mover, const std::vector<MovableTable>& tables,
                           absl::Time deadline);

// Until every transaction of the service that is under way now has ended: those that began before a
// tenant was leaving, and note nothing. DEADLINE_EXCEEDED.
absl::Status AwaitTransactions(postgres::Door& mover, absl::Time deadline);

// Whether every event of the tenant in this database's outbox, of this age or more, has reached its
// receiver.
absl::StatusOr<bool> IsDrained(postgres::Door& mover, TenantId tenant, absl::Duration age,
                               absl::Time deadline);

}  // namespace kasbah::tenantdata
