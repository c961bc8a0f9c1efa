#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/uuid.h"
#include "libs/postgres/transaction.h"
#include "services/audit/domain/sink.h"

namespace kasbah::audit {

// The sinks' cursors as those who send see them. A claim is a lease: what is written afterwards is
// written under it or not at all (FAILED_PRECONDITION, LEASE_LOST), so of two replicas one moves a
// cursor. Stateless.
namespace sink_queue {

struct Claim {
  TenantId tenant;
  SinkId sink;
  Uuid lease;
};

// Through the ingest door: sinks of any tenant that are due and have events to come, the longest
// due first.
postgres::Pending<std::vector<Claim>> ClaimDue(postgres::Transaction& tx, Uuid lease,
                                               absl::Duration length, int limit);

// Through the ingest door, for metrics: of sinks that are not paused and have events to come.
struct Lag {
  // Of the one that is furthest behind.
  uint64_t events = 0;
  // Since the last success of the one whose was longest ago.
  absl::Duration silence;
};
postgres::Pending<Lag> ReadLag(postgres::Transaction& tx);

// Within the claim's tenant from here on.

struct Batch {
  Uuid id;
  uint64_t past = 0;
};
// The batch that the claimed sink had on its way, if any. NOT_FOUND where the claim is no longer.
postgres::Pending<std::optional<Batch>> FindBatch(postgres::Transaction& tx, const Claim& claim);
// Notes what is about to be sent, or the smaller part that is sent instead.
postgres::Pending<postgres::Result> KeepBatch(postgres::Transaction& tx, const Claim& claim,
                                              const Batch& batch);
struct Refusal {
  uint64_t sequence = 0;
  std::string reason;
};
// Everything before `past` is done: `delivered` events were taken, and `refused` were not and stand
// in the report from now on. Gives the claim up; the sink is due at once.
postgres::Pending<postgres::Result> Advance(postgres::Transaction& tx, const Claim& claim,
                                            uint64_t past, uint64_t delivered,
                                            const std::vector<Refusal>& refused);
// Gives the claim up, to be tried again after `delay`; the batch stays. `refused`: a single event
// was refused once more, and not skipped.
postgres::Pending<postgres::Result> PutOff(postgres::Transaction& tx, const Claim& claim,
                                           std::string_view error, absl::Duration delay,
                                           bool refused);
// Gives the claim up; the sink is due at once, and nothing failed.
postgres::Pending<postgres::Result> GiveUp(postgres::Transaction& tx, const Claim& claim);

}  // namespace sink_queue
}  // namespace kasbah::audit
