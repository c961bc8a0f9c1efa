#pragma once

#include "absl/time/time.h"

namespace kasbah {

// The time, passed in so that tests can hold it. Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;

  // The machine's clock.
  static const Clock& Real();
};

}  // namespace kasbah
