#pragma once

#include <functional>

#include "absl/time/time.h"

namespace kasbah::bench {

using Done = std::function<void(bool ok)>;

struct LoadResult {
  double per_second = 0;
  int64_t failed = 0;
};

// A closed loop: keeps `in_flight` calls under way for `duration` and counts what was answered.
// `issue` starts one call for a slot and calls `done` once, from any thread.
LoadResult RunLoad(int in_flight, absl::Duration duration,
                   const std::function<void(int slot, Done done)>& issue);

}  // namespace kasbah::bench
