#include "libs/http/retry_after.h"

#include <gtest/gtest.h>

namespace kasbah::http {
namespace {

TEST(RetryAfter, IsReadAsSecondsOrDate) {
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);  // Mon, 21 Sep 2026 14:13:20 GMT
  EXPECT_EQ(ParseRetryAfter("120", now), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("Mon, 21 Sep 2026 14:14:20 GMT", now), absl::Seconds(60));
  EXPECT_EQ(ParseRetryAfter("Mon, 21 Sep 2020 14:14:20 GMT", now), absl::ZeroDuration());
  for (const char* bad : {"", "-5", "soon", "1.5", "99999999999999999999"}) {
    EXPECT_FALSE(ParseRetryAfter(bad, now).has_value()) << bad;
  }
}

}  // namespace
}  // namespace kasbah::http
