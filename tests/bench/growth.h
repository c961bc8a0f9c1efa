#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// Brings one tenant's log so many events by the way that services' relays take, and says, for each
// stretch of it, how many were committed and provable a second, how long one event waits for its
// acknowledgement and then for a proof under a signed head, and what an event takes on disk,
// indexes and tree included. Not a budget: it runs when KASBAH_BENCH_GROWTH says how many events.
std::string MeasureGrowth(Installation& kasbah, int64_t events);

}  // namespace kasbah::bench
