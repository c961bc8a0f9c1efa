#include "libs/reporting/sentry_limits.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/reporting/collector.h"

namespace kasbah::reporting {
namespace {

constexpr absl::Duration kWithout = absl::Minutes(1);
constexpr absl::Duration kLongest = absl::Hours(24);

// Of one limit, "60:error;default:organization:quota"; zero where it is not about errors.
absl::Duration PauseOf(absl::string_view limit) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::StripAsciiWhitespace(limit), ':');
  if (parts.size() < 2) return absl::ZeroDuration();
  const std::vector<absl::string_view> categories =
      absl::StrSplit(parts[1], ';', absl::SkipWhitespace());
  const bool concerns_errors =
      categories.empty() ||
      std::find(categories.begin(), categories.end(), "error") != categories.end();
  if (!concerns_errors) return absl::ZeroDuration();
  double seconds = 0;
  if (!absl::SimpleAtod(parts[0], &seconds) || !(seconds >= 0)) return kWithout;
  return std::min(absl::Seconds(seconds), kLongest);
}

}  // namespace

absl::Duration SentryPause(const http::ClientResponse& response, absl::Time now) {
  const auto limits = response.headers.find("x-sentry-rate-limits");
  if (limits == response.headers.end()) {
    return response.status == 429 ? WaitOf(response, kWithout, now) : absl::ZeroDuration();
  }
  absl::Duration longest = absl::ZeroDuration();
  for (const absl::string_view limit : absl::StrSplit(limits->second, ',')) {
    longest = std::max(longest, PauseOf(limit));
  }
  return longest;
}

}  // namespace kasbah::reporting
