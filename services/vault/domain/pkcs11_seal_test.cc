// Against a real token: Debian's SoftHSM 2.
#include "services/vault/domain/pkcs11_seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "libs/testing/soft_token.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::StatusIs;
using ::testing::HasSubstr;

class Pkcs11SealTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    token_ = new testing::SoftToken();
    ASSERT_OK(Pkcs11Seal::MakeKey(Options()));
  }
  static void TearDownTestSuite() { delete token_; }
  static Pkcs11Options Options() {
    return {.module = testing::SoftToken::kModule,
            .token = testing::SoftToken::kLabel,
            .pin_file = token_->pin_file()};
  }

  static testing::SoftToken* token_;
  const RootKeyRef ref_{Uuid::V7(absl::UnixEpoch()), 1};
  const crypto::SecretBytes root_ = crypto::SecretBytes::Random(32);
};
testing::SoftToken* Pkcs11SealTest::token_ = nullptr;

TEST_F(Pkcs11SealTest, OpensWhatItWrapped) {
  Pkcs11Seal seal(Options());
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seal.Wrap(ref_, root_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, seal.Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(root_));
  ASSERT_OK_AND_ASSIGN(const std::string again, seal.Wrap(ref_, root_));
  EXPECT_NE(again, wrapped);
}

TEST_F(Pkcs11SealTest, OpensNothingThatWasChangedOrMoved) {
  Pkcs11Seal seal(Options());
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seal.Wrap(ref_, root_));
  for (size_t i = 0; i < wrapped.size(); ++i) {
    std::string broken = wrapped;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_FALSE(seal.Unwrap(ref_, broken).ok()) << i;
    EXPECT_FALSE(seal.Unwrap(ref_, wrapped.substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(seal.Unwrap({ref_.key_id, 2}, wrapped).ok());
  EXPECT_FALSE(seal.Unwrap({Uuid::V7(absl::Now()), 1}, wrapped).ok());
  EXPECT_THAT(seal.Unwrap(ref_, wrapped), IsOk());
}

TEST_F(Pkcs11SealTest, AKeyIsMadeOnce) {
  EXPECT_THAT(Pkcs11Seal::MakeKey(Options()), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(Pkcs11SealTest, ErrorsSayWhatToPutRight) {
  const auto problem = [&](const Pkcs11Options& options) {
    return Pkcs11Seal(options).Wrap(ref_, root_).status().ToString();
  };
  Pkcs11Options options = Options();
  options.module = "/nonexistent.so";
  EXPECT_THAT(problem(options), HasSubstr("/nonexistent.so"));
  options = Options();
  options.token = "another";
  EXPECT_THAT(problem(options), HasSubstr("PKCS#11 token another: is not there"));
  options = Options();
  options.key = "another";
  EXPECT_THAT(problem(options), HasSubstr("has no secret key another"));
  options = Options();
  options.pin_file = token_->directory() + "/absent";
  EXPECT_THAT(problem(options), HasSubstr("absent: No such file"));
  chmod(Options().pin_file.c_str(), 0644);
  EXPECT_THAT(problem(Options()), HasSubstr("must have mode 0600"));
  chmod(Options().pin_file.c_str(), 0600);
}

}  // namespace
}  // namespace kasbah::vault
