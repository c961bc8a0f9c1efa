#include "services/audit/log/growth_signal.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

TEST(GrowthSignalTest, WakesWhoFollowsTheLogThatGrewAndNobodyElse) {
  GrowthSignal signal;
  const TenantId a = TenantId::New(absl::Now());
  const TenantId b = TenantId::New(absl::Now());
  ASSERT_OK_AND_ASSIGN(const auto of_a, signal.Follow(a));
  ASSERT_OK_AND_ASSIGN(const auto of_b, signal.Follow(b));
  signal.Grown({a});
  EXPECT_TRUE(of_a->AwaitGrowth(absl::Minutes(1)));
  EXPECT_FALSE(of_a->AwaitGrowth(absl::ZeroDuration()));
  EXPECT_FALSE(of_b->AwaitGrowth(absl::ZeroDuration()));
}

TEST(GrowthSignalTest, OneTenantHasAFewAndLeavesItsPlaceBehind) {
  GrowthSignal signal;
  const TenantId tenant = TenantId::New(absl::Now());
  std::vector<std::unique_ptr<GrowthSignal::Watch>> watches;
  for (int i = 0; i < GrowthSignal::kMostWatchesOfATenant; ++i) {
    ASSERT_OK_AND_ASSIGN(auto watch, signal.Follow(tenant));
    watches.push_back(std::move(watch));
  }
  EXPECT_THAT(signal.Follow(tenant).status(), ReasonIs("TOO_MANY_TAILS"));
  EXPECT_OK(signal.Follow(TenantId::New(absl::Now())).status());
  watches.pop_back();
  EXPECT_OK(signal.Follow(tenant).status());
}

}  // namespace
}  // namespace kasbah::audit
