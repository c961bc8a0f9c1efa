#pragma once

#include <cstdint>
#include <vector>

namespace kasbah::timing {

// Whether two kinds of calls take the same time, as dudect asks it (Reparaz, Balasch and
// Verbauwhede, "Dude, is my code constant time?", 2017): Welch's t over what is left of both once
// the slowest, which are the machine's and not the code's, are cut off at one percentile of all of
// them together.
struct Comparison {
  int64_t first_count = 0;
  int64_t second_count = 0;
  // Nanoseconds.
  double first_mean = 0;
  double second_mean = 0;
  // Beyond 4.5 either way the two can be told apart.
  double t = 0;
};

inline constexpr double kTellsApart = 4.5;

// `kept` of all samples count: 0.9 cuts off the slowest tenth. Each has at least two left.
Comparison Compare(const std::vector<int64_t>& first, const std::vector<int64_t>& second,
                   double kept);

}  // namespace kasbah::timing
