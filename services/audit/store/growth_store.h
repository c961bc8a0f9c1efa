#pragma once

#include <map>
#include <utility>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/audit/domain/log_growth.h"
#include "services/audit/domain/logged_event.h"

namespace kasbah::audit {

// What a flush reads and writes of the logs themselves, many tenants in a statement, through the
// ingest door. Stateless.
namespace growth_store {

struct LockedHead {
  LogHead head;
  // Size, frontier and root do not belong together: somebody else wrote the row.
  bool broken = false;
  // Of a tenant that is erased, or is being erased: the log takes no personal values any more.
  bool is_erased = false;
};

// The heads of those `tenants` (sorted, each once) that have one, locked in their order.
postgres::Pending<std::vector<LockedHead>> LockHeads(postgres::Transaction& tx,
                                                     const std::vector<TenantId>& tenants);
// Empty heads for those that have none; after the locks of those that have.
void MakeHeads(postgres::Transaction& tx, const std::vector<TenantId>& tenants);

// The stored hashes of ranges, of any number of tenants, in one round trip. Ranges that are not
// wholly there come back short.
absl::StatusOr<std::map<TenantId, StoredHashes>> ReadHashes(
    postgres::Transaction& tx, const std::vector<std::pair<TenantId, HashRange>>& ranges);

struct EventRow {
  const LoggedEvent* event = nullptr;
  PlacedEvent placed;
  // Whether its personal values are kept; without them it is as one whose values were destroyed.
  bool keeps_personal = true;
};

// Events and leaves.
void InsertEvents(postgres::Transaction& tx, const std::vector<EventRow>& rows);
void InsertTiles(postgres::Transaction& tx,
                 const std::vector<std::pair<TenantId, FullTile>>& tiles);
void SaveHeads(postgres::Transaction& tx, const std::vector<LogHead>& heads);

}  // namespace growth_store
}  // namespace kasbah::audit
