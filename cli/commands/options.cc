#include "cli/commands/options.h"

#include "libs/base/strings.h"

namespace kasbah::cli {

absl::StatusOr<absl::Duration> ParseDuration(std::string_view option, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(StrCat(option, " ", text, ": say a time such as 24h or 30m"));
  }
  return duration;
}

}  // namespace kasbah::cli
