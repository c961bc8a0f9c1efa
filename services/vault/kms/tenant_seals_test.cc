#include "services/vault/kms/tenant_seals.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/soft_token.h"
#include "libs/testing/status_matchers.h"
#include "services/vault/domain/pkcs11_seal.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::AwsServer;
using kasbah::testing::ReasonIs;

const TenantId kTenant = TenantId::New(absl::Now());
const TenantId kOther = TenantId::New(absl::Now());

class TenantSealsTest : public ::testing::Test {
 protected:
  TenantSealsTest() {
    options_.aws_kms.enabled = true;
    options_.aws_kms.endpoint = aws_.endpoint();
    options_.aws_kms.credentials_file = aws_.credentials_file();
  }

  AwsServer aws_;
  testing::FakeClock clock_;
  TenantSealOptions options_;
  const TenantSeal kms_{"aws_kms", AwsServer::kKey, ""};
  const crypto::SecretBytes half_ = crypto::SecretBytes::Random(32);
};

TEST_F(TenantSealsTest, AKeyOfAnotherTenantsNameOpensNothing) {
  TenantSeals seals(options_, clock_);
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seals.Wrap(kTenant, kms_, half_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, seals.Unwrap(kTenant, kms_, wrapped));
  EXPECT_TRUE(opened.Equals(half_));
  EXPECT_FALSE(seals.Unwrap(kOther, kms_, wrapped).ok());
  aws_.SetEnabled(AwsServer::kKey, false);
  EXPECT_TRUE(absl::IsFailedPrecondition(seals.Unwrap(kTenant, kms_, wrapped).status()));
  aws_.SetDown(true);
  EXPECT_TRUE(absl::IsUnavailable(seals.Unwrap(kTenant, kms_, wrapped).status()));
}

TEST_F(TenantSealsTest, WhatIsNotSetUpOrNotAKeyIsRefusedByItsField) {
  TenantSeals seals(options_, clock_);
  EXPECT_THAT(seals.Check({"aws_kms", "alias/k", ""}), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(seals.Check({"aws_kms", "arn:aws:kms:evil.example/:1:key/k", ""}),
              ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(seals.Check({"pkcs11", "k", "t"}), ReasonIs("INVALID_FIELDS"));
  TenantSeals none({}, clock_);
  EXPECT_THAT(none.Check(kms_), ReasonIs("INVALID_FIELDS"));
}

TEST_F(TenantSealsTest, ATokenOpensForTheTenantWhosePinIsThere) {
  testing::SoftToken token;
  ASSERT_OK(Pkcs11Seal::MakeKey({.module = testing::SoftToken::kModule,
                                 .token = testing::SoftToken::kLabel,
                                 .pin_file = token.pin_file(),
                                 .key = "ours"}));
  const std::filesystem::path pins = std::filesystem::path(token.pin_file()).parent_path();
  std::filesystem::copy_file(token.pin_file(), pins / (kTenant.ToString() + ".pin"));
  options_.pkcs11.module = testing::SoftToken::kModule;
  options_.pkcs11.pin_directory = pins;
  TenantSeals seals(options_, clock_);
  const TenantSeal seal{"pkcs11", "ours", testing::SoftToken::kLabel};
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seals.Wrap(kTenant, seal, half_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, seals.Unwrap(kTenant, seal, wrapped));
  EXPECT_TRUE(opened.Equals(half_));
  EXPECT_FALSE(seals.Unwrap(kOther, seal, wrapped).ok());
  EXPECT_FALSE(seals.Wrap(kOther, seal, half_).ok());
}

}  // namespace
}  // namespace kasbah::vault
