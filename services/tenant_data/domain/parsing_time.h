#pragma once

#include <algorithm>
#include <cstdint>

namespace kasbah::tenantdata {

// Processor time that the HTML of one request may take together to be parsed. All of a request that
// is at its largest and honest takes less; small tangles, each within its own bound, would not. Of
// one thread.
class ParsingTime {
 public:
  explicit ParsingTime(int64_t nanoseconds = 3'000'000'000) : left_(nanoseconds) {}

  int64_t left() const { return left_; }
  void Spend(int64_t nanoseconds) { left_ -= std::min(left_, nanoseconds); }

 private:
  int64_t left_;
};

}  // namespace kasbah::tenantdata
