#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// Events of an action on a day.
struct DayCount {
  // Midnight, UTC.
  absl::Time day;
  std::string action;
  uint64_t events = 0;
};

// audit.event_count and audit.count_cursor. Stateless.
namespace count_store {

// Through the ingest door: at most `limit` tenants whose logs are longer than what is counted, by
// `least` events or, where appended events have a limit, by any.
postgres::Pending<std::vector<TenantId>> ListBehind(postgres::Transaction& tx, uint64_t least,
                                                    int64_t limit);

// The same: counts up to `most` further events of each. How many were counted.
postgres::Pending<uint64_t> Advance(postgres::Transaction& tx, const std::vector<TenantId>& tenants,
                                    uint64_t most);

// In the tenant's scope: how many events are not counted yet.
postgres::Pending<uint64_t> Lag(postgres::Transaction& tx, TenantId tenant);

// The same: days from `first` on, before `past`; what is counted, and the events after it one by
// one, at most `most_events` of them. At most `most_rows`.
postgres::Pending<std::vector<DayCount>> List(postgres::Transaction& tx, TenantId tenant,
                                              absl::Time first, absl::Time past,
                                              uint64_t most_events, int most_rows);

}  // namespace count_store
}  // namespace kasbah::audit
