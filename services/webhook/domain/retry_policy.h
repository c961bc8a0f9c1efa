#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"

namespace kasbah::webhook {

// When a delivery is tried again. The default is the schedule that Standard Webhooks recommends:
// over three days in ten attempts.
class RetryPolicy {
 public:
  static std::vector<absl::Duration> DefaultSchedule();
  explicit RetryPolicy(std::vector<absl::Duration> schedule) : schedule_(std::move(schedule)) {}

  int max_attempts() const { return static_cast<int>(schedule_.size()) + 1; }

  // How long to wait after attempt `number` (from 1) failed; unset: that was the last. `random`
  // from [0, 1) spreads the wait over half to one and a half times the scheduled one, so that what
  // failed together does not return together. A receiver's Retry-After is honoured from there up to
  // twice the scheduled wait, or an hour if that is longer.
  std::optional<absl::Duration> DelayAfter(int number, double random,
                                           std::optional<absl::Duration> retry_after) const;

 private:
  std::vector<absl::Duration> schedule_;
};

}  // namespace kasbah::webhook
