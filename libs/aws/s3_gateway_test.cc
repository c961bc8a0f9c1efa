// What s3_test asks a server of ours, asked of a store that others wrote.
#include "libs/testing/s3_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/aws/s3.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::aws {
namespace {

using kasbah::testing::S3Gateway;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The least that S3 takes of every part but the last.
constexpr size_t kPart = 5 << 20;

class S3GatewayTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gateway_ = S3Gateway::Start().release(); }
  static void TearDownTestSuite() { delete gateway_; }
  void SetUp() override {
    if (gateway_ == nullptr) GTEST_SKIP() << "versitygw is not installed (make tools)";
    gateway_->WriteCredentials(S3Gateway::kSecret);
    bucket_ = Make(S3Gateway::kBucket);
  }
  std::unique_ptr<S3Bucket> Make(const std::string& bucket) {
    return *S3Bucket::Create(
        {.bucket = bucket,
         .prefix =
             ::testing::UnitTest::GetInstance()->current_test_info()->name() + std::string("/"),
         .region = S3Gateway::kRegion,
         .endpoint = gateway_->endpoint(),
         .credentials_file = gateway_->credentials_file()},
        Clock::Real());
  }

  static S3Gateway* gateway_;
  std::unique_ptr<S3Bucket> bucket_;
};
S3Gateway* S3GatewayTest::gateway_ = nullptr;

TEST_F(S3GatewayTest, WhatWasPutIsThereUntilItIsErasedWithEveryVersion) {
  EXPECT_OK(bucket_->Erase("x"));
  EXPECT_OK(bucket_->Put("x", "the first version"));
  EXPECT_OK(bucket_->Put("x", std::string("the second\0version", 18)));
  EXPECT_OK(bucket_->Put("xy", "another"));
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> found, bucket_->Get("x"));
  EXPECT_EQ(found, std::string("the second\0version", 18));
  EXPECT_TRUE(gateway_->Holds("the first version"));
  EXPECT_OK(bucket_->Erase("x"));
  EXPECT_FALSE(gateway_->Holds("the first version"));
  EXPECT_FALSE(gateway_->Holds("the second"));
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> gone, bucket_->Get("x"));
  EXPECT_EQ(gone, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> other, bucket_->Get("xy"));
  EXPECT_EQ(other, "another");
}

TEST_F(S3GatewayTest, AnAbsentBucketIsNotAnAbsentObject) {
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> absent, bucket_->Get("x"));
  EXPECT_EQ(absent, std::nullopt);
  EXPECT_THAT(Make("another")->Get("x").status().ToString(), HasSubstr("NoSuchBucket"));
  EXPECT_FALSE(Make("another")->Put("x", "").ok());
}

TEST_F(S3GatewayTest, AnotherSecretIsRefused) {
  gateway_->WriteCredentials("another-secret");
  const auto stranger = Make(S3Gateway::kBucket);
  EXPECT_TRUE(absl::IsPermissionDenied(stranger->Put("x", "")));
  EXPECT_TRUE(absl::IsPermissionDenied(stranger->Get("x").status()));
}

TEST_F(S3GatewayTest, APartOfAnObjectIsReadAloneAndAListingGoesOn) {
  EXPECT_OK(bucket_->Put("t/1", "0123456789"));
  EXPECT_OK(bucket_->Put("t/2", "x"));
  EXPECT_OK(bucket_->Put("t/3", "x"));
  EXPECT_OK(bucket_->Put("u/1", "x"));
  ASSERT_OK_AND_ASSIGN(const std::optional<std::string> part, bucket_->GetRange("t/1", 3, 4));
  EXPECT_EQ(part, "3456");
  EXPECT_OK(bucket_->Erase("t/2"));
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> keys, bucket_->List("t/", "", 1));
  EXPECT_THAT(keys, ElementsAre("t/1"));
  ASSERT_OK_AND_ASSIGN(keys, bucket_->List("t/", "t/1", 10));
  EXPECT_THAT(keys, ElementsAre("t/3"));
}

TEST_F(S3GatewayTest, AnObjectInPartsIsThereOnceItIsComplete) {
  ASSERT_OK_AND_ASSIGN(const std::string upload, bucket_->BeginUpload("x"));
  std::vector<std::string> tags;
  for (int i = 1; i <= 3; ++i) {
    const std::string bytes(i == 3 ? 17 : kPart, static_cast<char>('a' + i));
    ASSERT_OK_AND_ASSIGN(std::string tag, bucket_->PutPart("x", upload, i, bytes));
    tags.push_back(std::move(tag));
  }
  ASSERT_OK_AND_ASSIGN(std::optional<std::string> found, bucket_->Get("x"));
  EXPECT_EQ(found, std::nullopt);
  EXPECT_OK(bucket_->CompleteUpload("x", upload, tags));
  ASSERT_OK_AND_ASSIGN(found, bucket_->GetRange("x", static_cast<int64_t>(kPart) - 1, 2));
  EXPECT_EQ(found, "bc");
  ASSERT_OK_AND_ASSIGN(found, bucket_->GetRange("x", 2 * static_cast<int64_t>(kPart), 100));
  EXPECT_EQ(found, std::string(17, 'd'));
}

TEST_F(S3GatewayTest, UploadsUnderWayAreAborted) {
  ASSERT_OK_AND_ASSIGN(const std::string upload, bucket_->BeginUpload("x"));
  ASSERT_OK(bucket_->BeginUpload("x"));
  ASSERT_OK_AND_ASSIGN(const std::string other, bucket_->BeginUpload("xy"));
  EXPECT_OK(bucket_->AbortUploads("x"));
  EXPECT_FALSE(bucket_->PutPart("x", upload, 1, "late").ok());
  EXPECT_OK(bucket_->PutPart("xy", other, 1, "in time").status());
}

}  // namespace
}  // namespace kasbah::aws
