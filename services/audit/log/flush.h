#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/postgres/transaction.h"
#include "services/audit/log/batch.h"

namespace kasbah::audit {

struct FlushReport {
  // Where an application's event stands in its log.
  struct Place {
    uint64_t sequence = 0;
    // It was there before.
    bool repeated = false;
  };
  struct Outcome {
    // OK: applied now, or before. Otherwise what DecideBatch refused it with; of an application's
    // batch ALREADY_EXISTS, EVENT_ID_REUSED, naming the events whose ids stand for others, and
    // DATA_LOSS, LOG_DAMAGED.
    absl::Status status;
    uint64_t last_batch = 0;
    std::vector<uint64_t> quarantined;
    // Of an application's batch, one for each event.
    std::vector<Place> places;
  };
  // One for each batch, in order.
  std::vector<Outcome> outcomes;
  // Tenants whose logs are longer now.
  std::vector<TenantId> grown;
  size_t events = 0;
  size_t quarantined = 0;
  // Logs whose stored head, leaves or tiles are not what was written.
  size_t damaged = 0;
};

// Applies batches of any number of producers and tenants in one transaction of the ingest door:
// cursors first, then heads in the order of their tenants, so that flushes of two replicas wait for
// each other and never deadlock; what applications sent before; sequences without gaps; events,
// leaves in parts, full tiles, frontiers and roots in one statement each. What is committed is
// provable. A tenant whose head was tampered with gets no events: they go to quarantine, and the
// others go on. Of a tenant that is erased no personal value is stored, whenever an event comes and
// whoever sends it: its leaf keeps the commitment, as that of an event whose values were destroyed.
//
// Two or three round trips, whatever the number of events. May run again, so it changes nothing but
// the transaction.
absl::StatusOr<FlushReport> FlushBatches(postgres::Transaction& tx,
                                         const std::vector<std::shared_ptr<const Batch>>& batches,
                                         absl::Time now);

}  // namespace kasbah::audit
