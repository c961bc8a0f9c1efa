#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/error.h"

namespace kasbah::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).ok();
}
MATCHER_P(StatusIs, code, "") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).code() == code;
}
MATCHER_P(ReasonIs, reason, "") {
  *result_listener << StatusOf(arg);
  return ReasonOf(StatusOf(arg)) == reason;
}

// Declares `lhs` from a StatusOr, or fails the test with its status.
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  ASSERT_OK_AND_ASSIGN_IMPL(KASBAH_TEST_CONCAT(or_, __LINE__), lhs, expr)
#define KASBAH_TEST_CONCAT_INNER(a, b) a##b
#define KASBAH_TEST_CONCAT(a, b) KASBAH_TEST_CONCAT_INNER(a, b)
#define ASSERT_OK_AND_ASSIGN_IMPL(statusor, lhs, expr) \
  auto statusor = (expr);                              \
  ASSERT_TRUE(statusor.ok()) << statusor.status();     \
  lhs = *std::move(statusor)
#define ASSERT_OK(expr) ASSERT_THAT(expr, ::kasbah::testing::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT(expr, ::kasbah::testing::IsOk())

}  // namespace kasbah::testing
