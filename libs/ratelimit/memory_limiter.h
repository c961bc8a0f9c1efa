#pragma once

#include <memory>

#include "libs/ratelimit/limiter.h"

namespace kasbah::ratelimit {

// GCRA (generic cell rate algorithm) in this process's memory: one time per key. Holds at most
// `max_keys`; past that, keys whose time has passed are forgotten first, then the oldest.
class MemoryLimiter : public Limiter {
 public:
  explicit MemoryLimiter(size_t max_keys = 200'000);
  ~MemoryLimiter() override;
  Decision Take(std::string_view key, const Limit& limit, absl::Time now) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::ratelimit
