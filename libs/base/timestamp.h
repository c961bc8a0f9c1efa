#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace kasbah {

// Between the well-known types and Abseil's, to the nanosecond.
google::protobuf::Timestamp ToTimestamp(absl::Time time);
google::protobuf::Duration ToDuration(absl::Duration duration);

// INVALID_FIELDS on `field` outside years 1 to 9999, or for nanos that are none.
absl::StatusOr<absl::Time> FromTimestamp(const google::protobuf::Timestamp& timestamp,
                                         std::string_view field);
// INVALID_FIELDS on `field` beyond 10,000 years, or for nanos that are none or of the other sign.
absl::StatusOr<absl::Duration> FromDuration(const google::protobuf::Duration& duration,
                                            std::string_view field);

}  // namespace kasbah
