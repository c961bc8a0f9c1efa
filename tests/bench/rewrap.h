#pragma once

#include <string>

#include "tests/bench/installation.h"

namespace kasbah::bench {

// A rewrap of about so many ciphertexts, from the rotation to its end: how fast, and what it did to
// the memory of the vault and of the service that keeps them. Not a budget: minutes, so it runs
// when KASBAH_BENCH_REWRAP says how many.
std::string MeasureRewrap(Installation& kasbah, int ciphertexts);

}  // namespace kasbah::bench
