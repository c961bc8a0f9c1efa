#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "libs/http/client.h"

namespace kasbah::http {

// A Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3). Unset for anything else.
std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now);
// That of an answer; unset where it has none.
std::optional<absl::Duration> RetryAfterOf(const ClientResponse& response, absl::Time now);

}  // namespace kasbah::http
