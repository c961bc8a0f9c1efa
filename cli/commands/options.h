#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kasbah::cli {

// The value of `option`, such as 24h; the error names it.
absl::Status ReadDuration(std::string_view option, const std::string& text,
                          google::protobuf::Duration* duration);

// The value of `option`: a time, 2026-05-01T00:00:00Z, or how long ago, 2h; the error names it.
absl::Status ReadTime(std::string_view option, const std::string& text,
                      google::protobuf::Timestamp* time);

}  // namespace kasbah::cli
