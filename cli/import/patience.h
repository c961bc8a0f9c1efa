#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/base/error.h"

namespace kasbah::cli {

// Whether a call that failed so may do what it should when it is made again: the service was away
// or busy, or its answer was lost.
bool IsWorthRepeating(const absl::Status& status);

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Makes a call, which must do nothing twice, until it succeeds, fails in a way that repeating does
// not help, or `patience` is over: 100 ms apart, doubling to 5 s, or as the service asks.
template <typename Call>
auto Patiently(absl::Duration patience, const Call& call) {
  const absl::Time deadline = absl::Now() + patience;
  absl::Duration pause = absl::Milliseconds(100);
  while (true) {
    auto result = call();
    if (result.ok() || !IsWorthRepeating(StatusOf(result))) return result;
    pause = std::max(pause, DetailsOf(StatusOf(result)).retry_delay.value_or(pause));
    if (absl::Now() + pause > deadline) return result;
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Seconds(5));
  }
}

}  // namespace kasbah::cli
