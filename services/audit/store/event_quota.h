#pragma once

#include "absl/time/time.h"
#include "libs/postgres/transaction.h"

// How many events a tenant's trail gets, and its own applications' among them. By the counts of
// days, which follow a few seconds behind; within the tenant's scope. Stateless.
namespace kasbah::audit::event_quota {

// The transaction fails where the applications' events of this month are used up:
// RESOURCE_EXHAUSTED, QUOTA_EXCEEDED.
void RequireRoom(postgres::Transaction& tx, TenantId tenant);
postgres::Pending<int64_t> CountAll(postgres::Transaction& tx, TenantId tenant, absl::Time from,
                                    absl::Time until);
postgres::Pending<int64_t> CountAppended(postgres::Transaction& tx, TenantId tenant,
                                         absl::Time from, absl::Time until);

}  // namespace kasbah::audit::event_quota
