#include "services/audit/rpc/sink_conversion.h"

#include <algorithm>

#include "libs/base/strings.h"
#include "libs/base/timestamp.h"

namespace kasbah::audit {

v1::Sink ToProto(const Sink& sink, absl::Time now) {
  // The target, and nothing else yet.
  v1::Sink proto = sink.settings.target;
  proto.set_sink_id(sink.id.ToString());
  proto.set_name(sink.settings.name);
  *proto.mutable_filter() = sink.settings.filter;
  proto.set_state(sink.state());
  proto.set_next_sequence(sink.next);
  proto.set_lag_events(sink.log_size - std::min(sink.next, sink.log_size));
  if (sink.oldest_waiting) {
    const absl::Duration lag = std::max(now - *sink.oldest_waiting, absl::ZeroDuration());
    *proto.mutable_lag() = ToDuration(absl::Trunc(lag, absl::Seconds(1)));
  }
  if (sink.last_success) *proto.mutable_last_success_time() = ToTimestamp(*sink.last_success);
  if (sink.last_error_time) {
    *proto.mutable_last_error_time() = ToTimestamp(*sink.last_error_time);
  }
  proto.set_last_error(sink.last_error);
  proto.set_delivered(sink.delivered);
  proto.set_refused(sink.refused);
  *proto.mutable_create_time() = ToTimestamp(sink.create_time);
  proto.set_etag(EtagOf(sink));
  if (!sink.paused && sink.failures > 0) *proto.mutable_next_attempt_time() = ToTimestamp(sink.due);
  return proto;
}

std::string EtagOf(const Sink& sink) { return StrCat("r", sink.revision); }

}  // namespace kasbah::audit
