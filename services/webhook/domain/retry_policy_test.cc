#include "services/webhook/domain/retry_policy.h"

#include <gtest/gtest.h>

namespace kasbah::webhook {
namespace {

TEST(RetryPolicy, DefaultTriesTenTimesOverThreeDays) {
  const RetryPolicy policy(RetryPolicy::DefaultSchedule());
  EXPECT_EQ(policy.max_attempts(), 10);
  absl::Duration total;
  for (int number = 1; number < 10; ++number) {
    const auto delay = policy.DelayAfter(number, 0.5, std::nullopt);
    ASSERT_TRUE(delay.has_value()) << number;
    total += *delay;
  }
  EXPECT_GT(total, absl::Hours(72));
  EXPECT_EQ(policy.DelayAfter(1, 0.5, std::nullopt), absl::Seconds(5));
}

TEST(RetryPolicy, EndsWhateverTheAttemptIsCalled) {
  const RetryPolicy policy(RetryPolicy::DefaultSchedule());
  for (const int number : {10, 11, 1'000'000, 0, -1}) {
    EXPECT_FALSE(policy.DelayAfter(number, 0.5, absl::Hours(1)).has_value()) << number;
  }
  EXPECT_FALSE(RetryPolicy({}).DelayAfter(1, 0, std::nullopt).has_value());
}

TEST(RetryPolicy, SpreadsFromHalfToOneAndAHalf) {
  const RetryPolicy policy({absl::Seconds(10)});
  EXPECT_EQ(policy.DelayAfter(1, 0.0, std::nullopt), absl::Seconds(5));
  EXPECT_LT(*policy.DelayAfter(1, 0.999999, std::nullopt), absl::Seconds(15));
}

TEST(RetryPolicy, HonoursRetryAfterWithinBounds) {
  const RetryPolicy policy({absl::Seconds(10), absl::Hours(2)});
  EXPECT_EQ(policy.DelayAfter(1, 0.5, absl::Seconds(90)), absl::Seconds(90));
  EXPECT_EQ(policy.DelayAfter(1, 0.5, absl::Seconds(1)), absl::Seconds(10));
  EXPECT_EQ(policy.DelayAfter(1, 0.5, absl::Hours(999)), absl::Hours(1));
  EXPECT_EQ(policy.DelayAfter(2, 0.5, absl::Hours(999)), absl::Hours(4));
  EXPECT_EQ(policy.DelayAfter(1, 0.5, absl::InfiniteDuration()), absl::Hours(1));
}

}  // namespace
}  // namespace kasbah::webhook
