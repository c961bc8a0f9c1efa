#include "libs/base/error.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah {
namespace {

TEST(Error, CarriesItsReason) {
  const absl::Status status =
      Error(absl::StatusCode::kAborted, reason::kEtagMismatch, "read it again");
  EXPECT_THAT(status, testing::StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(status.message(), "read it again");
  EXPECT_THAT(status, testing::ReasonIs("ETAG_MISMATCH"));
}

TEST(Error, AStatusOfAnotherMakerHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
}

TEST(Error, ViolationsComeBackWhateverTheyHold) {
  const absl::Status status = InvalidFields(
      {{"values.alpha_2", "must be two capital letters", "PATTERN"}, {"5:x", "3:a:b\n", ""}});
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, "INVALID_FIELDS");
  ASSERT_EQ(details.violations.size(), 2u);
  EXPECT_EQ(details.violations[0].field, "values.alpha_2");
  EXPECT_EQ(details.violations[0].rule, "PATTERN");
  EXPECT_EQ(details.violations[1].field, "5:x");
  EXPECT_EQ(details.violations[1].description, "3:a:b\n");
  EXPECT_EQ(status.message(), "values.alpha_2 must be two capital letters (and 1 more)");
}

TEST(Error, RetryDelayComesBack) {
  const absl::Status status =
      WithRetryDelay(Error(absl::StatusCode::kUnavailable, "X", "y"), absl::Milliseconds(200));
  EXPECT_EQ(DetailsOf(status).retry_delay, absl::Milliseconds(200));
  EXPECT_EQ(DetailsOf(NotFound("record")).retry_delay, std::nullopt);
  EXPECT_EQ(NotFound("record").message(), "record not found");
}

TEST(Error, ATenantIsRefusedWhenItIsSuspendedOrClosed) {
  EXPECT_TRUE(IsTenantRefused(Error(absl::StatusCode::kPermissionDenied, "TENANT_SUSPENDED", "x")));
  EXPECT_TRUE(IsTenantRefused(Error(absl::StatusCode::kPermissionDenied, "TENANT_CLOSED", "x")));
  EXPECT_FALSE(IsTenantRefused(NotFound("tenant")));
  EXPECT_FALSE(IsTenantRefused(absl::OkStatus()));
}

TEST(ErrorDeathTest, ABrokenInvariantEndsTheProcess) {
  EXPECT_DEATH(KASBAH_CHECK(1 == 2), "broken invariant: 1 == 2");
}

}  // namespace
}  // namespace kasbah
