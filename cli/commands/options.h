#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::cli {

// The value of `option`, such as 24h; the error names it.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view option, const std::string& text);

}  // namespace kasbah::cli
