#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace kasbah::audit {

// From `start` on, before `end`.
struct Period {
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
};

// start_time and end_time of a request, where they are set. INVALID_ARGUMENT.
template <typename Request>
absl::StatusOr<Period> PeriodOf(const Request& request) {
  Period period;
  if (request.has_start_time()) {
    ASSIGN_OR_RETURN(period.start, FromTimestamp(request.start_time(), "start_time"));
  }
  if (request.has_end_time()) {
    ASSIGN_OR_RETURN(period.end, FromTimestamp(request.end_time(), "end_time"));
  }
  if (period.start >= period.end) return InvalidField("end_time", "must be after start_time");
  return period;
}

}  // namespace kasbah::audit
