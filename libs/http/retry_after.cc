#include "libs/http/retry_after.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "libs/base/strings.h"

namespace kasbah::http {

std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now) {
  int64_t seconds = 0;
  if (absl::SimpleAtoi(ToAbsl(value), &seconds)) {
    if (seconds < 0) return std::nullopt;
    return absl::Seconds(seconds);
  }
  absl::Time at;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(value), &at, nullptr)) {
    return std::nullopt;
  }
  return std::max(at - now, absl::ZeroDuration());
}

std::optional<absl::Duration> RetryAfterOf(const ClientResponse& response, absl::Time now) {
  const auto header = response.headers.find("retry-after");
  if (header == response.headers.end()) return std::nullopt;
  return ParseRetryAfter(header->second, now);
}

}  // namespace kasbah::http
