#include "services/webhook/domain/retry_policy.h"

#include <algorithm>

namespace kasbah::webhook {
namespace {

constexpr absl::Duration kLongestRetryAfter = absl::Hours(1);

}  // namespace

std::vector<absl::Duration> RetryPolicy::DefaultSchedule() {
  return {absl::Seconds(5), absl::Minutes(5), absl::Minutes(30), absl::Hours(2), absl::Hours(5),
          absl::Hours(10),  absl::Hours(14),  absl::Hours(20),   absl::Hours(24)};
}

std::optional<absl::Duration> RetryPolicy::DelayAfter(
    int number, double random, std::optional<absl::Duration> retry_after) const {
  if (number < 1 || number >= max_attempts()) return std::nullopt;
  const absl::Duration scheduled = schedule_[static_cast<size_t>(number - 1)];
  const absl::Duration spread = scheduled / 2 + scheduled * random;
  if (!retry_after) return spread;
  const absl::Duration longest = std::max(2 * scheduled, kLongestRetryAfter);
  return std::max(spread, std::min(*retry_after, longest));
}

}  // namespace kasbah::webhook
