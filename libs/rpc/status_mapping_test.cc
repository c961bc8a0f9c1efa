#include "libs/rpc/status_mapping.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::rpc {
namespace {

absl::Status ThereAndBack(const absl::Status& status) {
  return FromGrpcStatus(ToGrpcStatus(status, "r-1"));
}

TEST(StatusMapping, AReasonSurvivesTheWireWithCodeAndMessage) {
  const absl::Status status =
      ThereAndBack(Error(absl::StatusCode::kAborted, reason::kEtagMismatch, "the etag is stale"));
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "the etag is stale");
  EXPECT_EQ(ReasonOf(status), reason::kEtagMismatch);
}

TEST(StatusMapping, ViolationsSurviveWithTheirRules) {
  const absl::Status status =
      ThereAndBack(InvalidFields({{.field = "a", .description = "is required", .rule = "REQUIRED"},
                                  {.field = "b[2].c", .description = "is too long", .rule = ""}}));
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, reason::kInvalidFields);
  ASSERT_EQ(details.violations.size(), 2u);
  EXPECT_EQ(details.violations[0].rule, "REQUIRED");
  EXPECT_EQ(details.violations[1].field, "b[2].c");
  EXPECT_EQ(details.violations[1].description, "is too long");
}

TEST(StatusMapping, ViolationsOfAnotherReasonKeepItAndTheirCode) {
  const absl::Status status = ThereAndBack(WithViolations(
      Error(absl::StatusCode::kFailedPrecondition, "RECORDS_BREAK_DEFINITION", "2 of 3 records"),
      {{.field = "records.rec_x.values.a", .description = "must be given", .rule = "REQUIRED"}}));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, "RECORDS_BREAK_DEFINITION");
  ASSERT_EQ(details.violations.size(), 1u);
  EXPECT_EQ(details.violations[0].rule, "REQUIRED");
}

TEST(StatusMapping, ARetryDelaySurvives) {
  const absl::Status status = ThereAndBack(WithRetryDelay(
      Error(absl::StatusCode::kUnavailable, "DRAINING", "stopping"), absl::Milliseconds(1500)));
  EXPECT_EQ(DetailsOf(status).retry_delay, absl::Milliseconds(1500));
}

TEST(StatusMapping, WhatWasNotMadeForClientsDoesNotReachThem) {
  const grpc::Status status =
      ToGrpcStatus(absl::NotFoundError("SELECT secret FROM vault.secrets"), "r-1");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message().find("SELECT"), std::string::npos);
  EXPECT_EQ(status.error_details().find("SELECT"), std::string::npos);
  EXPECT_NE(status.error_message().find("r-1"), std::string::npos);
}

TEST(StatusMapping, TheDetailsAreWhatAnyGrpcClientReads) {
  google::rpc::Status rich;
  ASSERT_TRUE(rich.ParseFromString(ToGrpcStatus(NotFound("record"), "r-1").error_details()));
  google::rpc::ErrorInfo info;
  google::rpc::RequestInfo request;
  ASSERT_EQ(rich.details_size(), 2);
  EXPECT_EQ(rich.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  ASSERT_TRUE(rich.details(0).UnpackTo(&info));
  ASSERT_TRUE(rich.details(1).UnpackTo(&request));
  EXPECT_EQ(info.domain(), "kasbah");
  EXPECT_EQ(info.reason(), "NOT_FOUND");
  EXPECT_EQ(request.request_id(), "r-1");
}

TEST(StatusMapping, ManyLongViolationsStillFitIntoTrailers) {
  std::vector<Violation> violations;
  for (int i = 0; i < 100; ++i) {
    violations.push_back(
        {.field = std::string(100, 'f'), .description = std::string(100, 'd'), .rule = "R"});
  }
  const grpc::Status status = ToGrpcStatus(InvalidFields(violations), "r-1");
  // base64 adds a third.
  EXPECT_LT(status.error_message().size() + status.error_details().size() * 4 / 3, 8000u);
  EXPECT_GT(DetailsOf(FromGrpcStatus(status)).violations.size(), 5u);
}

TEST(StatusMapping, ATransportThatFailsIsAPeerThatIsAway) {
  const absl::Status status =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connect to 10.0.0.1 refused"));
  EXPECT_THAT(status, testing::ReasonIs("PEER_UNAVAILABLE"));
  EXPECT_EQ(std::string(status.message()).find("10.0.0.1"), std::string::npos);
}

TEST(StatusMapping, AnotherDomainsReasonIsNotOurs) {
  google::rpc::ErrorInfo info;
  info.set_reason("NOT_FOUND");
  info.set_domain("example.com");
  google::rpc::Status rich;
  rich.add_details()->PackFrom(info);
  const absl::Status status =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::NOT_FOUND, "x", rich.SerializeAsString()));
  EXPECT_EQ(ReasonOf(status), "");
}

TEST(StatusMapping, BrokenDetailsAreNoDetails) {
  const absl::Status status =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::NOT_FOUND, "x", "\xff\xff garbage"));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "");
}

}  // namespace
}  // namespace kasbah::rpc
