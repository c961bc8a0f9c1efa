#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// Imports so many records into one tenant, and says what pages of 50 of them take in the database,
// planning included, by filter and order: in milliseconds, and in looks into an index that the
// machine needs the same time for. It runs when KASBAH_BENCH_LISTS says how many records.
std::string MeasureLists(Installation& kasbah, int records);

}  // namespace kasbah::bench
