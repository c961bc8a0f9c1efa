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

TEST_F(S3Test, APartOfAnObjectIsReadAlone) {
  const auto bucket = Make(Options());
  EXPECT_OK(bucket->Put("x", "0123456789"));
  ASSERT_OK_AND_ASSIGN(std::optional<std::string> found, bucket->GetRange("x", 3, 4));
  EXPECT_EQ(found, "3456");
  ASSERT_OK_AND_ASSIGN(found, bucket->GetRange("x", 8, 100));
  EXPECT_EQ(found, "89");
  ASSERT_OK_AND_ASSIGN(found, bucket->GetRange("x", 10, 1));
  EXPECT_EQ(found, std::nullopt);
  ASSERT_OK_AND_ASSIGN(found, bucket->GetRange("y", 0, 1));
  EXPECT_EQ(found, std::nullopt);
}

TEST_F(S3Test, AListingGoesOnWhereItEnded) {
  const auto bucket = Make(Options());
  for (const char* key : {"t/1", "t/2", "t/3", "u/1"}) EXPECT_OK(bucket->Put(key, "x"));
  EXPECT_OK(bucket->Erase("t/2"));
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> keys, bucket->List("t/", "", 1));
  EXPECT_THAT(keys, ElementsAre("t/1"));
  ASSERT_OK_AND_ASSIGN(keys, bucket->List("t/", "t/1", 10));
  EXPECT_THAT(keys, ElementsAre("t/3"));
}

TEST_F(S3Test, AnObjectInPartsIsThereOnceItIsComplete) {
  const auto bucket = Make(Options());
  ASSERT_OK_AND_ASSIGN(const std::string upload, bucket->BeginUpload("x"));
  std::vector<std::string> tags;
  for (int i = 1; i <= 3; ++i) {
    ASSERT_OK_AND_ASSIGN(std::string tag, bucket->PutPart("x", upload, i, std::string(5, 'a')));
    tags.push_back(std::move(tag));
  }
  EXPECT_THAT(aws_.Objects(), IsEmpty());
  EXPECT_FALSE(bucket->CompleteUpload("x", upload, {tags[0], tags[1]}).ok());
  EXPECT_OK(bucket->CompleteUpload("x", upload, tags));
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> found, bucket->Get("x"));
  EXPECT_EQ(found, std::string(15, 'a'));
}

TEST_F(S3Test, UploadsUnderWayAreAborted) {
  const auto bucket = Make(Options());
  ASSERT_OK_AND_ASSIGN(const std::string upload, bucket->BeginUpload("x"));
  ASSERT_OK(bucket->BeginUpload("x"));
  ASSERT_OK(bucket->BeginUpload("xy"));
  EXPECT_OK(bucket->AbortUploads("x"));
  EXPECT_EQ(aws_.Uploads(), 1u);
  EXPECT_FALSE(bucket->PutPart("x", upload, 1, "late").ok());
  EXPECT_OK(bucket->AbortUploads("x"));
}

}  // namespace
}  // namespace kasbah::aws
