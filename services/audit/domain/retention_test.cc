#include "services/audit/domain/retention.h"

#include <gtest/gtest.h>

namespace kasbah::audit {
namespace {

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

TEST(Retention, AMonthIsPastWhenItsLastEventIs) {
  const absl::CivilMonth march(2025, 3);
  EXPECT_FALSE(IsPast(march, 90, At("2025-06-29T23:59:59Z")));
  EXPECT_TRUE(IsPast(march, 90, At("2025-06-30T00:00:00Z")));
}

TEST(Retention, MonthsAreOfUtc) {
  EXPECT_EQ(MonthOf(At("2025-03-01T00:30:00+01:00")), absl::CivilMonth(2025, 2));
}

TEST(Retention, ANameSaysMonthAndSequence) {
  const std::string name = ArchiveName(absl::CivilMonth(2025, 3), 1200);
  EXPECT_EQ(name, "2025-03-1200");
  EXPECT_EQ(FirstOfArchive(name), 1200u);
}

TEST(Retention, WhatIsNoNameHasNoSequence) {
  for (const char* text : {"", "2025-03", "2025-03-", "2025-03-012", "2025-03--1", "25-03-1",
                           "2025-03-99999999999999999999", "2025-03-9223372036854775808"}) {
    EXPECT_FALSE(FirstOfArchive(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace kasbah::audit
