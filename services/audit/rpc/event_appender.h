#pragma once

#include <vector>

#include "kasbah/audit/v1/audit.pb.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/log/flusher.h"

namespace kasbah::audit {

// Brings events of tenants' own applications into their logs, by the same flush as everybody's:
// what is answered is committed and provable.
class EventAppender {
 public:
  using Reply = v1::AppendEventsResponse;

  EventAppender(postgres::Database& database, Flusher& flusher, const Clock& clock)
      : database_(database), flusher_(flusher), clock_(clock) {}

  // Small batches, on the transport's thread: none of ours waits for the flush. Larger ones are
  // deferred.
  void Start(const rpc::Call& call, const v1::AppendEventsRequest& request,
             rpc::Answer<Reply> answer);
  // Blocks until the flush.
  absl::StatusOr<Reply> Append(const rpc::Call& call, const v1::AppendEventsRequest& request);

 private:
  postgres::Database& database_;
  Flusher& flusher_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
