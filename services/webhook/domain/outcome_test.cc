#include "services/webhook/domain/outcome.h"

#include <gtest/gtest.h>

#include "libs/base/error.h"

namespace kasbah::webhook {
namespace {

using Kind = AttemptResult::Kind;

AttemptResult OfStatus(int status, std::map<std::string, std::string> headers = {}) {
  http::ClientResponse response;
  response.status = status;
  response.headers = std::move(headers);
  return ResultOf(response, absl::FromUnixSeconds(1'790'000'000));
}

TEST(Outcome, OnlyTwoHundredsAreDelivered) {
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(OfStatus(status).kind, Kind::kDelivered) << status;
    EXPECT_EQ(OfStatus(status).error, "");
  }
  for (const int status : {0, 199, 300, 301, 302, 307, 308, 400, 404, 409, 429, 500, 503}) {
    EXPECT_EQ(OfStatus(status).kind, Kind::kFailed) << status;
    EXPECT_EQ(OfStatus(status).error, "HTTP_STATUS");
    EXPECT_EQ(OfStatus(status).http_status, status);
  }
  EXPECT_EQ(OfStatus(410).kind, Kind::kGone);
}

TEST(Outcome, RetryAfterCountsWhereItIsMeant) {
  EXPECT_EQ(OfStatus(429, {{"retry-after", "30"}}).retry_after, absl::Seconds(30));
  EXPECT_EQ(OfStatus(503, {{"retry-after", "30"}}).retry_after, absl::Seconds(30));
  EXPECT_FALSE(OfStatus(500, {{"retry-after", "30"}}).retry_after.has_value());
  EXPECT_FALSE(OfStatus(429).retry_after.has_value());
}

TEST(Outcome, FailuresKeepTheirReason) {
  const auto of = [](std::string_view reason) {
    return ResultOf(Error(absl::StatusCode::kUnavailable, reason, "x"), absl::UnixEpoch());
  };
  EXPECT_EQ(of("ADDRESS_BLOCKED").error, "ADDRESS_BLOCKED");
  EXPECT_EQ(of("ADDRESS_BLOCKED").kind, Kind::kFailed);
  EXPECT_EQ(of("STOPPED").kind, Kind::kInterrupted);
  EXPECT_EQ(ResultOf(absl::InternalError("x"), absl::UnixEpoch()).error, "PROTOCOL");
}

}  // namespace
}  // namespace kasbah::webhook
