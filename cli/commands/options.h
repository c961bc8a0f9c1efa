#pragma once

#include <google/protobuf/duration.pb.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kasbah::cli {

// The value of `option`, such as 24h; the error names it.
absl::Status ReadDuration(std::string_view option, const std::string& text,
                          google::protobuf::Duration* duration);

}  // namespace kasbah::cli
