#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/audit/v1/audit.pb.h"

namespace kasbah::audit {

// Days of a count, UTC: from midnight `first` on, before midnight `past`.
struct DayRange {
  absl::Time first;
  absl::Time past;

  static constexpr int kMostDays = 366;

  // INVALID_ARGUMENT, naming the field, for days that are none, the wrong way round or too many.
  static absl::StatusOr<DayRange> FromProto(const v1::CountEventsRequest& request, absl::Time now);
};

}  // namespace kasbah::audit
