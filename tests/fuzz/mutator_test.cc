#include "tests/fuzz/mutator.h"

#include <gtest/gtest.h>

#include <set>

namespace kasbah::fuzz {
namespace {

TEST(MutatorTest, TheSameNumberGivesTheSameInputs) {
  Mutator one({"abc", "def"}, 7), again({"abc", "def"}, 7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.Next(), again.Next());
}

TEST(MutatorTest, InputsDifferAndStaySmall) {
  Mutator mutator({std::string(8000, 'x'), "y"}, 1);
  std::set<std::string> inputs;
  for (int i = 0; i < 1000; ++i) {
    const std::string input = mutator.Next();
    EXPECT_LE(input.size(), 1U << 14);
    inputs.insert(input);
  }
  EXPECT_GT(inputs.size(), 500U);
}

}  // namespace
}  // namespace kasbah::fuzz
