#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// Gives one tenant so many events over six months, and says what pages of 100 of them take around
// the real search in the tenant's scope, round trips included: each filter and a few together, in a
// day, a month and all of it, newest and oldest first. Not a budget: it runs when
// KASBAH_BENCH_SEARCH says how many events.
std::string MeasureSearch(Installation& kasbah, int64_t events);

}  // namespace kasbah::bench
