#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::reporting {

// Where a Sentry project takes reports: "https://<public key>@<host>[/<path>]/<project>", as Sentry
// shows it. The key is no secret of great worth, but whoever has it can fill the project.
struct SentryDsn {
  // https://host/path/api/<project>/envelope/
  std::string url;
  std::string public_key;

  // INVALID_ARGUMENT, saying what is wrong without repeating the text.
  static absl::StatusOr<SentryDsn> Parse(std::string_view text);
};

}  // namespace kasbah::reporting
