#include "cli/client/failure.h"

#include <gtest/gtest.h>

#include "libs/base/error.h"

namespace kasbah::cli {
namespace {

TEST(Failure, ExitCodesTellSidesApart) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kExitOk);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("no such file")), kExitLocal);
  EXPECT_EQ(ExitCodeOf(FromService(NotFound("record"), "tenant-data", "r1")), kExitRemote);
}

TEST(Failure, ARefusalNamesFieldsReasonAndRequest) {
  const std::string text = Explain(
      FromService(InvalidField("values.alpha_2", "has to match [A-Z]{2}"), "tenant-data", "req-7"));
  EXPECT_NE(text.find("values.alpha_2: has to match [A-Z]{2}"), std::string::npos) << text;
  EXPECT_NE(text.find("INVALID_FIELDS"), std::string::npos) << text;
  EXPECT_NE(text.find("req-7"), std::string::npos) << text;
}

TEST(Failure, WhatCanBeDoneIsSaid) {
  const auto away = Error(absl::StatusCode::kUnavailable, "PEER_UNAVAILABLE", "cannot connect");
  EXPECT_NE(Explain(FromService(away, "vault", "r")).find("kasbah dev status"), std::string::npos);
}

TEST(Failure, WhoIsTheWrongKindOfCallerLearnsWhatToCallWith) {
  const auto refused = Error(absl::StatusCode::kPermissionDenied, "ACTOR_NOT_ALLOWED",
                             "RecordService/PurgeRecord is not for actors of kind operator");
  const std::string text = Explain(FromService(refused, "tenant-data", "r"));
  EXPECT_NE(text.find("kasbah --tenant TENANT api-keys create NAME --role ROLE"), std::string::npos)
      << text;
  EXPECT_NE(text.find("api_key_file"), std::string::npos) << text;
  const auto peer = Error(absl::StatusCode::kPermissionDenied, "PEER_NOT_ALLOWED", "may not call");
  EXPECT_NE(Explain(FromService(peer, "vault", "r")).find("takes an operator's"),
            std::string::npos);
}

}  // namespace
}  // namespace kasbah::cli
