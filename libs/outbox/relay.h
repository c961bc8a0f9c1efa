#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"

namespace kasbah::outbox {

struct RelayOptions {
  // "vault".
  std::string schema;
  v1::Topic topic;
  std::string shard = "main";
  // Rows and payload bytes of a batch at the most.
  int batch_rows = 2000;
  int batch_bytes = 4 * 1000 * 1000 - 100 * 1000;
  absl::Duration poll = absl::Milliseconds(100);
  // From one batch of a few rows to the next at the least, so that what comes one after another
  // makes a batch. What comes after a pause goes at once.
  absl::Duration gather = absl::Milliseconds(20);
  // How long the relay row is held without a sign of life.
  absl::Duration lease = absl::Seconds(10);
};

// How a batch reaches its receiver: the generated stub's ReceiveBatch, or a test's.
using SendBatch = std::function<absl::StatusOr<v1::ReceiveBatchResponse>(
    const v1::ReceiveBatchRequest&, absl::Time deadline)>;

// Carries one topic of one outbox to its receiver on a thread of its own. Of all replicas' relays
// only the one that holds the relay row works; batch n + 1 is not made before n is acknowledged,
// and an unacknowledged batch is sent again with the same rows in the same order. Backs off with
// jitter while the receiver or the database is away. Metrics: kasbah_outbox_oldest_seconds,
// kasbah_outbox_batches_total, kasbah_outbox_refused_total.
class Relay {
 public:
  Relay(RelayOptions options, postgres::Door& door, Outbox& outbox, SendBatch send,
        const Clock& clock);
  // Stops after the batch under way.
  ~Relay();

  // The digest of ReceiveBatchRequest.
  static std::string Digest(const google::protobuf::RepeatedPtrField<v1::Entry>& entries);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::outbox
