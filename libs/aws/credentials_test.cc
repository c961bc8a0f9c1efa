#include "libs/aws/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "libs/aws/kms.h"
#include "libs/aws/s3.h"
#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::aws {
namespace {

using kasbah::testing::AwsServer;
using ::testing::HasSubstr;

constexpr const char* kNames[] = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",       "AWS_SESSION_TOKEN",   "AWS_REGION",
    "AWS_ROLE_ARN",      "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL_STS"};

// In a pod whose service account has the role.
class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    for (const char* name : kNames) unsetenv(name);
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-role-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    std::ofstream(directory_ + "/token") << "a token";
    aws_.TrustToken("a token", clock_.Now() + absl::Hours(1));
    Set("AWS_WEB_IDENTITY_TOKEN_FILE", directory_ + "/token");
    Set("AWS_ROLE_ARN", AwsServer::kRole);
    Set("AWS_ENDPOINT_URL_STS", aws_.endpoint());
  }
  ~CredentialsTest() override {
    for (const char* name : kNames) unsetenv(name);
    std::filesystem::remove_all(directory_);
  }

  static void Set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
  absl::Status Put(const std::string& credentials_file = "") {
    auto bucket = S3Bucket::Create({.bucket = AwsServer::kBucket,
                                    .prefix = "",
                                    .region = AwsServer::kRegion,
                                    .endpoint = aws_.endpoint(),
                                    .credentials_file = credentials_file},
                                   clock_);
    return bucket.ok() ? (*bucket)->Put("x", "y") : bucket.status();
  }

  std::string directory_;
  AwsServer aws_;
  testing::FakeClock clock_;
};

TEST_F(CredentialsTest, ARolesKeysSignWhereNothingElseIsSet) {
  EXPECT_OK(Put());
  const KmsOptions options{
      .region = AwsServer::kRegion, .endpoint = aws_.endpoint(), .credentials_file = ""};
  ASSERT_OK_AND_ASSIGN(const auto kms, Kms::Create(options, clock_));
  EXPECT_OK(kms->Call("DescribeKey", {{"KeyId", AwsServer::kKey}}));
  EXPECT_EQ(aws_.StsCalls(), 2);
}

TEST_F(CredentialsTest, AFileAndThenAKeyInTheEnvironmentComeFirst) {
  EXPECT_OK(Put(aws_.credentials_file()));
  Set("AWS_ACCESS_KEY_ID", "AKID");
  Set("AWS_SECRET_ACCESS_KEY", "the-secret");
  EXPECT_OK(Put());
  EXPECT_EQ(aws_.StsCalls(), 0);
}

TEST_F(CredentialsTest, TemporaryKeysGoWithTheirTokenUntilTheyEnd) {
  ASSERT_OK_AND_ASSIGN(const auto source, CredentialSource::Create("", AwsServer::kRegion, clock_));
  ASSERT_OK_AND_ASSIGN(const http::AwsCredentials keys, source->Get());
  Set("AWS_ACCESS_KEY_ID", keys.access_key_id);
  Set("AWS_SECRET_ACCESS_KEY", keys.secret_access_key);
  EXPECT_TRUE(absl::IsPermissionDenied(Put()));
  Set("AWS_SESSION_TOKEN", "another");
  EXPECT_TRUE(absl::IsPermissionDenied(Put()));
  Set("AWS_SESSION_TOKEN", keys.session_token);
  EXPECT_OK(Put());
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(absl::IsPermissionDenied(Put()));
}

TEST_F(CredentialsTest, WhatIsMissingIsNamed) {
  unsetenv("AWS_ROLE_ARN");
  const absl::Status missing = Put();
  EXPECT_TRUE(absl::IsFailedPrecondition(missing));
  EXPECT_THAT(missing.ToString(), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN"));
}

TEST_F(CredentialsTest, AnEndpointOfStsThatCannotBeIsNamedAtTheStart) {
  Set("AWS_ENDPOINT_URL_STS", "http://sts.example.com");
  EXPECT_THAT(Put().ToString(), HasSubstr("AWS_ENDPOINT_URL_STS: the endpoint"));
}

}  // namespace
}  // namespace kasbah::aws
