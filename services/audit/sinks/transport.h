#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/crypto/secret_bytes.h"
#include "services/audit/domain/sink.h"
#include "services/audit/formats/sent_event.h"
#include "services/audit/store/sink_queue.h"

namespace kasbah::audit {

// A part of a trail on its way: the events of the sequence [first, past) that the sink's filter
// lets through. A batch that is sent again is the same: id, bounds, events.
struct SinkBatch {
  Uuid id;
  TenantId tenant;
  uint64_t first = 0;
  uint64_t past = 0;
  std::vector<SentEvent> events;
  // For a target that gets proofs: the whole file (docs/audit-format.md).
  std::string proofs;
};

// What a receiver made of a batch.
struct Delivery {
  enum class Kind {
    // Acknowledged, but for `refused`.
    kTaken,
    // Not now, or nobody can tell.
    kNotNow,
    // Never: something in it is not to this receiver's liking.
    kRefused,
  };
  Kind kind = Kind::kNotNow;
  // UPPER_SNAKE; empty for kTaken.
  std::string error = {};
  std::optional<absl::Duration> retry_after = {};
  std::vector<sink_queue::Refusal> refused = {};

  static Delivery Taken() { return {.kind = Kind::kTaken}; }
  static Delivery NotNow(std::string error) { return {.error = std::move(error)}; }
  static Delivery Refused(std::string error) {
    return {.kind = Kind::kRefused, .error = std::move(error)};
  }
};

// Sends batches to targets of one kind. Blocks, until `deadline` at the most. Thread safe.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Delivery Send(const v1::Sink& target, const crypto::SecretBytes& secret,
                        const SinkBatch& batch, absl::Time deadline) = 0;
};

}  // namespace kasbah::audit
