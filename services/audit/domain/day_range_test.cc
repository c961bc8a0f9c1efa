#include "services/audit/domain/day_range.h"

#include <gtest/gtest.h>

#include "libs/base/day.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

// 2026-11-28T11:00:00Z.
const absl::Time kNow = absl::FromUnixSeconds(1'795'863'600);

absl::StatusOr<DayRange> Days(const std::string& first, const std::string& last) {
  v1::CountEventsRequest request;
  request.set_first_day(first);
  request.set_last_day(last);
  return DayRange::FromProto(request, kNow);
}

TEST(DayRangeTest, AreThirtyUpToTodayUnlessSaid) {
  ASSERT_OK_AND_ASSIGN(const DayRange days, Days("", ""));
  EXPECT_EQ(FormatDay(days.first), "2026-10-30");
  EXPECT_EQ(FormatDay(days.past), "2026-11-29");
}

TEST(DayRangeTest, BothEndsAreCounted) {
  ASSERT_OK_AND_ASSIGN(const DayRange days, Days("2026-03-01", "2026-03-01"));
  EXPECT_EQ(days.past - days.first, absl::Hours(24));
  EXPECT_OK(Days("2025-03-01", "2026-03-01").status());
}

TEST(DayRangeTest, WhatIsNoRangeIsRefused) {
  EXPECT_THAT(Days("2026-02-30", ""), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Days("2026-03-02", "2026-03-01"), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Days("2025-02-28", "2026-03-01"), ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::audit
