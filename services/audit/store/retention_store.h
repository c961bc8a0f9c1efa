#pragma once

#include <optional>
#include <vector>

#include "libs/base/uuid.h"
#include "libs/postgres/transaction.h"
#include "services/audit/domain/retention.h"

namespace kasbah::audit::retention_store {

// In the tenant's scope.
struct Choice {
  // Unset: the default.
  std::optional<int> days;
  // Of the log: what comes before is in bundles.
  uint64_t first_sequence = 0;
};
postgres::Pending<Choice> Find(postgres::Transaction& tx, TenantId tenant);
void Set(postgres::Transaction& tx, TenantId tenant, int days, absl::Time now);

// Through the upkeep's door.

// Makes it `holder`'s turn, or keeps it so, for two minutes; tells the database the limits. False
// while it is another's.
postgres::Pending<bool> Lease(postgres::Transaction& tx, const Uuid& holder,
                              const RetentionLimits& limits);
void EndLease(postgres::Transaction& tx, const Uuid& holder);

struct TenantLog {
  TenantId tenant;
  uint64_t size = 0;
  uint64_t first_sequence = 0;
  int days = 0;
};
// The next logs after `after`, in the order of their tenants.
postgres::Pending<std::vector<TenantLog>> ListLogs(postgres::Transaction& tx, TenantId after,
                                                   int limit);

}  // namespace kasbah::audit::retention_store
