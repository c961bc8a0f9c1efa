#include "libs/ratelimit/memory_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "libs/ratelimit/tiers.h"
#include "libs/testing/fake_clock.h"

namespace kasbah::ratelimit {
namespace {

constexpr Limit kTwoASecond = {.rate = 2, .burst = 4};

TEST(MemoryLimiter, ABurstPassesAtOnceAndTheNextIsRefused) {
  testing::FakeClock clock;
  MemoryLimiter limiter;
  for (int i = 0; i < 4; ++i) {
    const Decision decision = limiter.Take("k", kTwoASecond, clock.Now());
    EXPECT_TRUE(decision.allowed) << i;
    EXPECT_EQ(decision.remaining, 3 - i);
  }
  const Decision refused = limiter.Take("k", kTwoASecond, clock.Now());
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, absl::Milliseconds(500));
}

TEST(MemoryLimiter, AfterTheWaitItNamedOneMorePasses) {
  testing::FakeClock clock;
  MemoryLimiter limiter;
  Decision decision;
  while (decision.allowed) decision = limiter.Take("k", kTwoASecond, clock.Now());
  clock.Advance(decision.retry_after - absl::Nanoseconds(1));
  EXPECT_FALSE(limiter.Take("k", kTwoASecond, clock.Now()).allowed);
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(limiter.Take("k", kTwoASecond, clock.Now()).allowed);
  EXPECT_FALSE(limiter.Take("k", kTwoASecond, clock.Now()).allowed);
}

TEST(MemoryLimiter, RefusalsCostNothing) {
  testing::FakeClock clock;
  MemoryLimiter limiter;
  for (int i = 0; i < 1000; ++i) limiter.Take("k", kTwoASecond, clock.Now());
  clock.Advance(absl::Seconds(2));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(limiter.Take("k", kTwoASecond, clock.Now()).allowed);
}

TEST(MemoryLimiter, OverTimeTheRateHolds) {
  testing::FakeClock clock;
  MemoryLimiter limiter;
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) {
    allowed += limiter.Take("k", kTwoASecond, clock.Now()).allowed;
    clock.Advance(absl::Milliseconds(10));
  }
  EXPECT_EQ(allowed, 4 + 2 * 10 - 1);
}

TEST(MemoryLimiter, KeysAreLimitedApart) {
  testing::FakeClock clock;
  MemoryLimiter limiter;
  Decision decision;
  while (decision.allowed) decision = limiter.Take("one", kTwoASecond, clock.Now());
  EXPECT_TRUE(limiter.Take("other", kTwoASecond, clock.Now()).allowed);
}

TEST(MemoryLimiter, ABusyKeyOutlivesAFloodOfKeysWhoseTimeHasPassed) {
  testing::FakeClock clock;
  MemoryLimiter limiter(160);
  const Limit slow = {.rate = 0.001, .burst = 1};
  EXPECT_TRUE(limiter.Take("busy", slow, clock.Now()).allowed);
  for (int i = 0; i < 100'000; ++i) {
    limiter.Take(absl::StrCat("flood", i), kTwoASecond, clock.Now());
    clock.Advance(absl::Microseconds(1));
  }
  EXPECT_FALSE(limiter.Take("busy", slow, clock.Now()).allowed);
}

TEST(MemoryLimiter, WithoutARateNothingIsRefused) {
  testing::FakeClock clock;
  MemoryLimiter limiter;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(limiter.Take("k", LimitOf(Tier::kInternal), clock.Now()).allowed);
  }
}

TEST(Tiers, GuessableTiersAreTighter) {
  EXPECT_LT(LimitOf(Tier::kCredential).rate, LimitOf(Tier::kSensitive).rate);
  EXPECT_LT(LimitOf(Tier::kSensitive).rate, LimitOf(Tier::kWrite).rate);
}

}  // namespace
}  // namespace kasbah::ratelimit
