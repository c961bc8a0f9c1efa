#pragma once

#include "libs/ratelimit/limiter.h"

namespace kasbah::ratelimit {

// The kinds of calls that are limited apart. The policies' RateTier has the same names; the pipeline
// translates, so that limits can be read and tested without protos.
enum class Tier { kInternal, kRead, kWrite, kSensitive, kCredential, kBulk };

// What one actor of one tenant may do in one process. kInternal has no limit: its rate is 0.
Limit LimitOf(Tier tier);

}  // namespace kasbah::ratelimit
