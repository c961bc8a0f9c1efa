#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace kasbah::fuzz {

// Inputs that are almost right: what a parser takes, changed by one to four accidents of the kinds
// that break parsers. The same seeds and number give the same inputs, so a failure comes back.
class Mutator {
 public:
  // `seeds`: at least one.
  Mutator(std::vector<std::string> seeds, uint64_t number);

  std::string Next();

 private:
  size_t Below(size_t bound);
  void Change(std::string* input);

  std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

}  // namespace kasbah::fuzz
