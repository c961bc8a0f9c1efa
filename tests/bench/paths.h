#pragma once

#include <vector>

#include "tests/bench/budget.h"
#include "tests/bench/installation.h"

namespace kasbah::bench {

// Every budget of ARCHITECTURE.md that exists, in its order. `seconds` is the length of one
// reading.
std::vector<Budget> AllBudgets(Installation& kasbah, int seconds);

}  // namespace kasbah::bench
