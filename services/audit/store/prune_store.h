#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/audit/domain/retention.h"

namespace kasbah::audit::prune_store {

// In the tenant's scope: what is to be archived next.
struct OldestEvent {
  uint64_t sequence = 0;
  absl::Time recorded_at;
};
// The first event at or after `from`.
postgres::Pending<std::optional<OldestEvent>> FindOldest(postgres::Transaction& tx, TenantId tenant,
                                                         uint64_t from);
// How many events follow one another from `from` on, `limit` at the most and none at or after
// `end`; and when the last was recorded.
struct Stretch {
  uint64_t events = 0;
  absl::Time last_at;
};
postgres::Pending<Stretch> Measure(postgres::Transaction& tx, TenantId tenant, uint64_t from,
                                   absl::Time end, int limit);

// Through the upkeep's door; what each refuses is said in the migration. FAILED_PRECONDITION.

// Lets the log begin after the bundle that begins at `first`.
void AdvanceStart(postgres::Transaction& tx, TenantId tenant, uint64_t first);
// A page of what was left behind; how many rows went.
postgres::Pending<uint64_t> DeletePruned(postgres::Transaction& tx, TenantId tenant, int page);
// Months that have partitions and are over for the shortest retention that there can be.
postgres::Pending<std::vector<absl::CivilMonth>> ListPastMonths(postgres::Transaction& tx);
void DropMonth(postgres::Transaction& tx, absl::CivilMonth month);

}  // namespace kasbah::audit::prune_store
