#include "tests/timing/welch.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace kasbah::timing {
namespace {

// Welford's sums, which lose no digits to large means.
struct Moments {
  void Add(double sample) {
    ++count;
    const double from = sample - mean;
    mean += from / static_cast<double>(count);
    squares += from * (sample - mean);
  }
  double variance() const { return squares / static_cast<double>(count - 1); }

  int64_t count = 0;
  double mean = 0;
  double squares = 0;
};

int64_t LongestKept(const std::vector<int64_t>& first, const std::vector<int64_t>& second,
                    double kept) {
  std::vector<int64_t> all = first;
  all.insert(all.end(), second.begin(), second.end());
  const auto place = static_cast<std::ptrdiff_t>(kept * static_cast<double>(all.size() - 1));
  std::nth_element(all.begin(), all.begin() + place, all.end());
  return all[static_cast<size_t>(place)];
}

Moments MomentsOf(const std::vector<int64_t>& samples, int64_t longest) {
  Moments moments;
  for (const int64_t sample : samples) {
    if (sample <= longest) moments.Add(static_cast<double>(sample));
  }
  return moments;
}

}  // namespace

Comparison Compare(const std::vector<int64_t>& first, const std::vector<int64_t>& second,
                   double kept) {
  const int64_t longest = LongestKept(first, second, kept);
  const Moments a = MomentsOf(first, longest);
  const Moments b = MomentsOf(second, longest);
  const double error = std::sqrt(a.variance() / static_cast<double>(a.count) +
                                 b.variance() / static_cast<double>(b.count));
  return {a.count, b.count, a.mean, b.mean, (a.mean - b.mean) / error};
}

}  // namespace kasbah::timing
