// Against a real token: Debian's SoftHSM 2.
#include "services/vault/domain/pkcs11_seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "libs/testing/status_matchers.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";

class Pkcs11SealTest : public ::testing::Test {
 protected:
  // The module reads its settings once in a process.
  static void SetUpTestSuite() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-token-XXXXXX").string();
    directory_ = new std::filesystem::path(mkdtemp(name.data()));
    std::filesystem::create_directory(*directory_ / "tokens");
    const std::string settings = *directory_ / "softhsm2.conf";
    std::ofstream(settings) << "directories.tokendir = " << (*directory_ / "tokens").string()
                            << "\nlog.level = ERROR\n";
    setenv("SOFTHSM2_CONF", settings.c_str(), 1);
    ASSERT_EQ(system("softhsm2-util --init-token --free --label kasbah --so-pin 1234 --pin 5678"
                     " >/dev/null"),
              0);
    WritePin("5678\n");
    ASSERT_OK(Pkcs11Seal::MakeKey(Options()));
  }
  static void TearDownTestSuite() {
    std::filesystem::remove_all(*directory_);
    delete directory_;
  }
  static void WritePin(const std::string& pin) {
    const std::string path = *directory_ / "pin";
    std::ofstream(path) << pin;
    chmod(path.c_str(), 0600);
  }
  static Pkcs11Options Options() {
    return {.module = kModule, .token = "kasbah", .pin_file = *directory_ / "pin"};
  }

  static std::filesystem::path* directory_;
  const RootKeyRef ref_{Uuid::V7(absl::UnixEpoch()), 1};
  const crypto::SecretBytes root_ = crypto::SecretBytes::Random(32);
};
std::filesystem::path* Pkcs11SealTest::directory_ = nullptr;

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
  options.pin_file = *directory_ / "absent";
  EXPECT_THAT(problem(options), HasSubstr("absent: No such file"));
  chmod(Options().pin_file.c_str(), 0644);
  EXPECT_THAT(problem(Options()), HasSubstr("must have mode 0600"));
  chmod(Options().pin_file.c_str(), 0600);
}

}  // namespace
}  // namespace kasbah::vault
