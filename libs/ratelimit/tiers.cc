#include "libs/ratelimit/tiers.h"

namespace kasbah::ratelimit {
namespace {

Limit Of(int rate, int burst_factor) {
  return {.rate = static_cast<double>(rate), .burst = static_cast<double>(rate) * burst_factor};
}

}  // namespace

Limit LimitOf(Tier tier, const Rates& rates) {
  switch (tier) {
    case Tier::kInternal:
      return {};
    case Tier::kRead:
      return Of(rates.read, 2);
    case Tier::kWrite:
      return Of(rates.write, 2);
    case Tier::kSensitive:
      return Of(rates.sensitive, 2);
    case Tier::kCredential:
      return Of(rates.credential, 4);
    case Tier::kBulk:
      return Of(rates.bulk, 2);
  }
  return {.rate = 1, .burst = 1};
}

}  // namespace kasbah::ratelimit
