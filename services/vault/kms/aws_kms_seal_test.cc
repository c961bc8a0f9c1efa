#include "services/vault/kms/aws_kms_seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::AwsServer;
using kasbah::testing::IsOk;
using ::testing::HasSubstr;

class AwsKmsSealTest : public ::testing::Test {
 protected:
  AwsKmsOptions Options() const {
    return {.key_id = AwsServer::kKey,
            .kms = {.region = AwsServer::kRegion,
                    .endpoint = aws_.endpoint(),
                    .credentials_file = aws_.credentials_file()}};
  }
  std::unique_ptr<AwsKmsSeal> Make(const AwsKmsOptions& options) {
    auto seal = AwsKmsSeal::Create(options, clock_);
    EXPECT_OK(seal);
    return *std::move(seal);
  }

  AwsServer aws_;
  testing::FakeClock clock_;
  const RootKeyRef ref_{Uuid::V7(absl::UnixEpoch()), 1};
  const crypto::SecretBytes root_ = crypto::SecretBytes::Random(32);
};

TEST_F(AwsKmsSealTest, OpensWhatItWrappedInItsOwnPlaceOnly) {
  const auto seal = Make(Options());
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seal->Wrap(ref_, root_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, seal->Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(root_));
  EXPECT_FALSE(seal->Unwrap({ref_.key_id, 2}, wrapped).ok());
  EXPECT_FALSE(seal->Unwrap({Uuid::V7(absl::Now()), 1}, wrapped).ok());
  EXPECT_FALSE(seal->Unwrap(ref_, wrapped + "x").ok());
}

TEST_F(AwsKmsSealTest, WhatKmsSaysIsPassedOn) {
  const auto problem = [&](const AwsKmsOptions& options) {
    return Make(options)->Wrap(ref_, root_).status().ToString();
  };
  aws_.WriteCredentials("another-secret");
  EXPECT_THAT(problem(Options()), HasSubstr("AWS KMS: InvalidSignatureException: does not match"));
  aws_.WriteCredentials("the-secret");
  AwsKmsOptions options = Options();
  options.key_id = "another";
  EXPECT_THAT(problem(options), HasSubstr("AWS KMS: NotFoundException: no such key"));
  options = Options();
  options.kms.credentials_file = "/absent";
  EXPECT_THAT(problem(options), HasSubstr("absent: No such file"));
  options = Options();
  options.kms.endpoint = "http://127.0.0.1:1/";
  EXPECT_THAT(problem(options), HasSubstr("http://127.0.0.1:1: CONNECT_REFUSED"));
  aws_.SetEnabled(AwsServer::kKey, false);
  EXPECT_THAT(problem(Options()), HasSubstr("AWS KMS: DisabledException: the key is disabled"));
}

TEST_F(AwsKmsSealTest, CredentialsThatAreReplacedAreUsed) {
  const auto seal = Make(Options());
  aws_.WriteCredentials("another-secret");
  EXPECT_FALSE(seal->Wrap(ref_, root_).ok());
  aws_.WriteCredentials("the-secret");
  EXPECT_THAT(seal->Wrap(ref_, root_), IsOk());
}

TEST_F(AwsKmsSealTest, PlainHttpStaysOnLoopback) {
  AwsKmsOptions options = Options();
  options.kms.endpoint = "http://kms.example.com/";
  EXPECT_FALSE(AwsKmsSeal::Create(options, clock_).ok());
}

}  // namespace
}  // namespace kasbah::vault
