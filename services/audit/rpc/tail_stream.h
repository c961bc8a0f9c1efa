#pragma once

#include <memory>

#include "kasbah/audit/v1/audit.pb.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/domain/event_filter.h"
#include "services/audit/log/growth_signal.h"
#include "services/audit/store/event_search.h"

namespace kasbah::audit {

// One reader who follows a log, from a place on: what is committed is sent in the order of the
// sequence, without gaps, as soon as this process flushed it, or within a second where another did.
class TailStream {
 public:
  TailStream(postgres::Database& database, const CallContext& call, const EventFilter& filter,
             uint64_t first, std::unique_ptr<GrowthSignal::Watch> watch);

  // Until the client is gone, or the stream is ended. DATA_LOSS, LOG_DAMAGED, where an event is
  // missing; ABORTED, LOG_PRUNED, where the log begins behind the reader's place.
  absl::Status Run(rpc::StreamWriter<v1::TailEventsResponse>& writer);

 private:
  // Sends what there is; true when there may be more at once.
  absl::StatusOr<bool> SendNew(rpc::StreamWriter<v1::TailEventsResponse>& writer);
  absl::StatusOr<EventPage> NextPage();
  absl::Status Send(const EventPage& page, rpc::StreamWriter<v1::TailEventsResponse>& writer);
  // Why the next event is not there.
  absl::Status Missing();
  absl::Status Write(v1::TailEventsResponse message,
                     rpc::StreamWriter<v1::TailEventsResponse>& writer);
  // Until the log has grown, or it is time to look; false when the stream is over.
  bool Await(const rpc::StreamWriter<v1::TailEventsResponse>& writer);

  postgres::Database& database_;
  CallContext call_;
  const bool whole_;
  const EventSearch search_;
  uint64_t next_;
  // Where the log ended when it was last looked at.
  uint64_t size_ = 0;
  absl::Time last_sent_;
  std::unique_ptr<GrowthSignal::Watch> watch_;
};

}  // namespace kasbah::audit
