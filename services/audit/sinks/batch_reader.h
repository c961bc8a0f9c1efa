#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/sinks/transport.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {

// Reads from a tenant's log what a sink is to get next. Thread safe.
class BatchReader {
 public:
  BatchReader(postgres::Database& database, Checkpointer& checkpointer, const SigningKey& key)
      : database_(database), checkpointer_(checkpointer), key_(key) {}

  // The events of [sink.next, past), or, where `past` is not set yet, of as much as makes a batch:
  // at most 500 of the log's events and some 256 KiB. `sink.log_size` is past `sink.next`. Filters
  // are applied here and not by the database, so each event of the log is read once for each sink.
  // DATA_LOSS, LOG_DAMAGED, when the sequence has a gap there; ABORTED, LOG_PRUNED, when the sink
  // is behind the log's beginning.
  absl::StatusOr<SinkBatch> Read(const CallContext& call, const Sink& sink,
                                 std::optional<uint64_t> past);

 private:
  absl::Status AddProofs(const CallContext& call, const EventFilter& filter,
                         std::vector<EventRecord> records, SinkBatch* batch);

  postgres::Database& database_;
  Checkpointer& checkpointer_;
  const SigningKey& key_;
};

}  // namespace kasbah::audit
