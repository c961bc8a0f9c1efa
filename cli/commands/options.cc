#include "cli/commands/options.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"

namespace kasbah::cli {

absl::Status ReadDuration(std::string_view option, const std::string& text,
                          google::protobuf::Duration* duration) {
  absl::Duration length;
  if (!absl::ParseDuration(text, &length)) {
    return absl::InvalidArgumentError(StrCat(option, " ", text, ": say a time such as 24h or 30m"));
  }
  *duration = ToDuration(length);
  return absl::OkStatus();
}

absl::Status ReadTime(std::string_view option, const std::string& text,
                      google::protobuf::Timestamp* time) {
  absl::Time at;
  absl::Duration ago;
  std::string error;
  if (absl::ParseDuration(text, &ago)) {
    at = absl::Now() - ago;
  } else if (!absl::ParseTime(absl::RFC3339_full, text, &at, &error)) {
    return absl::InvalidArgumentError(
        StrCat(option, " ", text, ": say a time (2026-05-01T00:00:00Z) or how long ago (2h)"));
  }
  time->set_seconds(absl::ToUnixSeconds(at));
  time->set_nanos(static_cast<int32_t>(absl::ToUnixNanos(at) % 1'000'000'000));
  return absl::OkStatus();
}

}  // namespace kasbah::cli
