#pragma once

#include <string_view>

#include "absl/time/time.h"

namespace kasbah::ratelimit {

// What a limit says: `burst` at once, then `rate` a second for ever.
struct Limit {
  double rate = 0;
  double burst = 0;
};

struct Decision {
  bool allowed = true;
  // Until a call would be allowed again.
  absl::Duration retry_after;
  // How many more would be allowed now.
  int64_t remaining = 0;
};

// Asked by the pipeline with a key of tier, tenant and actor. Thread safe.
class Limiter {
 public:
  virtual ~Limiter() = default;
  virtual Decision Take(std::string_view key, const Limit& limit, absl::Time now) = 0;
};

}  // namespace kasbah::ratelimit
