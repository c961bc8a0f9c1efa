#include "tests/fuzz/mutator.h"

#include <array>
#include <string_view>
#include <utility>

namespace kasbah::fuzz {
namespace {

// Of no size that a parser needs; large enough to pass every small limit.
constexpr size_t kMaxSize = 1 << 14;

// What length fields, terminators and signs look like at their edges.
constexpr std::array<std::string_view, 12> kEdges = {std::string_view("\0", 1),
                                                     "\xff",
                                                     "\x7f",
                                                     "\x80",
                                                     std::string_view("\0\0\0\0", 4),
                                                     "\xff\xff\xff\xff\xff\xff\xff\xff",
                                                     "18446744073709551615",
                                                     "-1",
                                                     "%00",
                                                     "\xc0\xaf",
                                                     "\n",
                                                     "//"};

}  // namespace

Mutator::Mutator(std::vector<std::string> seeds, uint64_t number)
    : seeds_(std::move(seeds)), random_(number) {}

size_t Mutator::Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

void Mutator::Change(std::string* input) {
  const size_t at = Below(input->size() + 1);
  const size_t size = Below(input->size() - at + 1);
  switch (Below(8)) {
    case 0:
      if (at < input->size()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8)));
      break;
    case 1:
      if (at < input->size()) (*input)[at] = static_cast<char>(random_());
      break;
    case 2:
      input->erase(at, size);
      break;
    case 3:
      input->resize(at);
      break;
    case 4:
      input->insert(at, input->substr(at, size));
      break;
    case 5:
      input->insert(at, kEdges[Below(kEdges.size())]);
      break;
    case 6:
      input->replace(at, size, kEdges[Below(kEdges.size())]);
      break;
    default: {
      const std::string& other = seeds_[Below(seeds_.size())];
      *input = input->substr(0, at) + other.substr(Below(other.size() + 1));
    }
  }
  if (input->size() > kMaxSize) input->resize(kMaxSize);
}

std::string Mutator::Next() {
  std::string input = seeds_[Below(seeds_.size())];
  const size_t changes = 1 + Below(4);
  for (size_t i = 0; i < changes; ++i) Change(&input);
  return input;
}

}  // namespace kasbah::fuzz
