#include "libs/aws/s3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::aws {
namespace {

using kasbah::testing::AwsServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class S3Test : public ::testing::Test {
 protected:
  S3Options Options() const {
    return {.bucket = AwsServer::kBucket,
            .prefix = "a/",
            .region = AwsServer::kRegion,
            .endpoint = aws_.endpoint(),
            .credentials_file = aws_.credentials_file()};
  }
  std::unique_ptr<S3Bucket> Make(const S3Options& options) {
    auto bucket = S3Bucket::Create(options, clock_);
    EXPECT_OK(bucket);
    return *std::move(bucket);
  }

  AwsServer aws_;
  testing::FakeClock clock_;
};

TEST_F(S3Test, WhatWasPutIsThereUntilItIsErasedWithEveryVersion) {
  const auto bucket = Make(Options());
  EXPECT_OK(bucket->Erase("x"));
  EXPECT_OK(bucket->Put("x", "one"));
  EXPECT_OK(bucket->Put("x", std::string("two\0three", 9)));
  EXPECT_OK(bucket->Put("xy", "another"));
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> found, bucket->Get("x"));
  EXPECT_EQ(found, std::string("two\0three", 9));
  EXPECT_OK(bucket->Erase("x"));
  EXPECT_THAT(aws_.Objects(), ElementsAre("a/xy"));
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> gone, bucket->Get("x"));
  EXPECT_EQ(gone, std::nullopt);
}

TEST_F(S3Test, AnAbsentBucketIsNotAnAbsentObject) {
  S3Options options = Options();
  options.bucket = "another";
  EXPECT_THAT(Make(options)->Get("x").status().ToString(), HasSubstr("NoSuchBucket"));
  EXPECT_FALSE(Make(options)->Erase("x").ok());
  EXPECT_FALSE(Make(options)->Put("x", "").ok());
}

TEST_F(S3Test, RefusalsAreToldFromSilence) {
  const auto bucket = Make(Options());
  aws_.WriteCredentials("another-secret");
  EXPECT_TRUE(absl::IsPermissionDenied(bucket->Put("x", "")));
  aws_.WriteCredentials("the-secret");
  aws_.SetDown(true);
  EXPECT_TRUE(absl::IsUnavailable(bucket->Put("x", "")));
  EXPECT_TRUE(absl::IsUnavailable(bucket->Get("x").status()));
  EXPECT_TRUE(absl::IsUnavailable(bucket->Erase("x")));
  EXPECT_THAT(aws_.Objects(), IsEmpty());
}

}  // namespace
}  // namespace kasbah::aws
