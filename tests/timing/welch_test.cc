#include "tests/timing/welch.h"

#include <gtest/gtest.h>

namespace kasbah::timing {
namespace {

TEST(Compare, IsWelchsT) {
  const Comparison result = Compare({10, 12, 14, 16}, {20, 22, 24, 26}, 1.0);
  EXPECT_EQ(result.first_count, 4);
  EXPECT_DOUBLE_EQ(result.first_mean, 13);
  EXPECT_DOUBLE_EQ(result.second_mean, 23);
  // -10 over the root of twice a variance of 20/3, divided by 4.
  EXPECT_NEAR(result.t, -5.4772, 0.0001);
}

TEST(Compare, TheSlowestOfBothTogetherAreCutOff) {
  const Comparison result = Compare({10, 12, 14, 16, 1'000'000}, {20, 22, 24, 26, 2'000'000}, 0.8);
  EXPECT_EQ(result.first_count, 4);
  EXPECT_EQ(result.second_count, 4);
  EXPECT_NEAR(result.t, -5.4772, 0.0001);
}

}  // namespace
}  // namespace kasbah::timing
