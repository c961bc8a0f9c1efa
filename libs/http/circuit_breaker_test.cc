#include "libs/http/circuit_breaker.h"

#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/testing/fake_clock.h"

namespace kasbah::http {
namespace {

constexpr CircuitOptions kOptions{.failures_to_open = 3,
                                  .open_for = absl::Seconds(10),
                                  .open_for_at_most = absl::Seconds(30),
                                  .max_keys = 2};

class CircuitBreakerTest : public ::testing::Test {
 protected:
  void Open(const char* key) {
    for (int i = 0; i < 3; ++i) breaker_.Failed(key);
  }
  testing::FakeClock clock_;
  CircuitBreaker breaker_{kOptions, clock_};
};

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARowOnly) {
  breaker_.Failed("a");
  breaker_.Failed("a");
  breaker_.Succeeded("a");
  breaker_.Failed("a");
  breaker_.Failed("a");
  EXPECT_TRUE(breaker_.Allow("a"));
  breaker_.Failed("a");
  EXPECT_FALSE(breaker_.Allow("a"));
  EXPECT_TRUE(breaker_.Allow("b"));
  EXPECT_EQ(breaker_.RetryAt("a"), clock_.Now() + absl::Seconds(10));
}

TEST_F(CircuitBreakerTest, HalfOpenLetsOneProbePass) {
  Open("a");
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(breaker_.Allow("a"));
  EXPECT_FALSE(breaker_.Allow("a"));
  breaker_.Succeeded("a");
  EXPECT_TRUE(breaker_.Allow("a"));
  EXPECT_TRUE(breaker_.Allow("a"));
}

TEST_F(CircuitBreakerTest, FailedProbesWaitLongerUpToABound) {
  Open("a");
  for (const int seconds : {10, 20, 30, 30}) {
    clock_.Advance(absl::Seconds(seconds) - absl::Nanoseconds(1));
    EXPECT_FALSE(breaker_.Allow("a")) << seconds;
    clock_.Advance(absl::Nanoseconds(1));
    EXPECT_TRUE(breaker_.Allow("a")) << seconds;
    breaker_.Failed("a");
  }
}

TEST_F(CircuitBreakerTest, TriesThatBeganBeforeItOpenedDoNotKeepItOpenLonger) {
  for (int i = 0; i < 10; ++i) breaker_.Failed("a");
  EXPECT_EQ(breaker_.RetryAt("a"), clock_.Now() + absl::Seconds(10));
}

TEST_F(CircuitBreakerTest, ListsWhatIsNotClosed) {
  breaker_.Failed("b");
  Open("a");
  ASSERT_EQ(breaker_.ListNotClosed().size(), 1u);
  EXPECT_EQ(breaker_.ListNotClosed()[0].key, "a");
  EXPECT_FALSE(breaker_.ListNotClosed()[0].half_open);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(breaker_.ListNotClosed()[0].half_open);
  EXPECT_TRUE(breaker_.Allow("a"));
  EXPECT_FALSE(breaker_.ListNotClosed()[0].half_open);
}

TEST_F(CircuitBreakerTest, AProbeThatIsNeverReportedIsReplaced) {
  Open("a");
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(breaker_.Allow("a"));
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(breaker_.Allow("a"));
}

TEST_F(CircuitBreakerTest, ForgetsTheKeyLongestUntouchedWhenFull) {
  Open("a");
  Open("b");
  breaker_.Failed("a");
  Open("c");
  EXPECT_FALSE(breaker_.Allow("a"));
  EXPECT_TRUE(breaker_.Allow("b"));
  EXPECT_FALSE(breaker_.Allow("c"));
}

}  // namespace
}  // namespace kasbah::http
