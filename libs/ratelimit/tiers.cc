#include "libs/ratelimit/tiers.h"

namespace kasbah::ratelimit {

Limit LimitOf(Tier tier) {
  switch (tier) {
    case Tier::kInternal:
      return {};
    case Tier::kRead:
    case Tier::kWrite:
      return {.rate = 2000, .burst = 4000};
    case Tier::kSensitive:
      return {.rate = 200, .burst = 400};
    case Tier::kCredential:
      return {.rate = 50, .burst = 200};
    case Tier::kBulk:
      return {.rate = 20, .burst = 40};
  }
  return {.rate = 1, .burst = 1};
}

}  // namespace kasbah::ratelimit
