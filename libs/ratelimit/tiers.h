#pragma once

#include "libs/ratelimit/limiter.h"

namespace kasbah::ratelimit {

// The kinds of calls that are limited apart. The policies' RateTier has the same names; the
// pipeline translates, so that limits can be read and tested without protos.
enum class Tier { kInternal, kRead, kWrite, kSensitive, kCredential, kBulk };

// Calls a second that one actor of one tenant may make to one process, tier by tier; a burst is
// twice as many, of credentials four times. Operators set them for their machines.
struct Rates {
  int read = 2000;
  int write = 2000;
  int sensitive = 200;
  int credential = 50;
  int bulk = 20;
};

// kInternal has no limit: its rate is 0.
Limit LimitOf(Tier tier, const Rates& rates = {});

}  // namespace kasbah::ratelimit
