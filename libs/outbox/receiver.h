#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/uuid.h"

namespace kasbah::outbox {

// What a receiver keeps of one (source, shard, topic, epoch), locked while it decides: the last
// batch applied and its digest. All zero before the first.
struct ReceiverCursor {
  uint64_t last_batch = 0;
  std::string digest;
};

enum class BatchDecision {
  // The next one: apply it and move the cursor in the same transaction.
  kApply,
  // The last one again, whose acknowledgement was lost: answer as before, change nothing.
  kAcknowledge,
};

// Whether a batch is what it says, before anything is locked: its epoch a UUID, its number at least
// 1, its ids increasing, its digest that of its entries. INVALID_ARGUMENT, reason BATCH_INVALID or
// BATCH_DIGEST_INVALID. Returns the epoch.
absl::StatusOr<Uuid> CheckBatch(const v1::ReceiveBatchRequest& request, v1::Topic topic);

// What to do with a batch that was checked. FAILED_PRECONDITION: BATCH_GAP for a number past the
// next; BATCH_DIGEST_MISMATCH for other entries under the last number, and for any older number:
// its digest is no longer known, a relay in order never sends it, and to acknowledge what a
// restored outbox numbers anew would lose it.
absl::StatusOr<BatchDecision> DecideBatch(const ReceiverCursor& cursor,
                                          const v1::ReceiveBatchRequest& request);

}  // namespace kasbah::outbox
