#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// Imports so many records into one tenant, and says what pages of 50 of them take in the database,
// planning included, by filter and order. Not a budget: it runs when KASBAH_BENCH_LISTS says how
// many records.
std::string MeasureLists(Installation& kasbah, int records);

}  // namespace kasbah::bench
