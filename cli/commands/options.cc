#include "cli/commands/options.h"

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

}  // namespace kasbah::cli
