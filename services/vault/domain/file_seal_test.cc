#include "services/vault/domain/file_seal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "libs/testing/status_matchers.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::StatusIs;

class FileSealTest : public ::testing::Test {
 protected:
  FileSealTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-seal-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    path_ = directory_ / "seal";
  }
  ~FileSealTest() override { std::filesystem::remove_all(directory_); }

  void ExpectRefused() {
    FileSeal seal(path_);
    EXPECT_THAT(seal.Wrap(ref_, root_), StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(seal.Unwrap(ref_, "x"), StatusIs(absl::StatusCode::kFailedPrecondition));
  }

  std::filesystem::path directory_, path_;
  const RootKeyRef ref_{Uuid::V7(absl::UnixEpoch()), 1};
  const crypto::SecretBytes root_ = crypto::SecretBytes::Random(32);
};

TEST_F(FileSealTest, OpensWhatItWrapped) {
  ASSERT_OK(FileSeal::Init(path_));
  FileSeal seal(path_);
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seal.Wrap(ref_, root_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, seal.Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(root_));
}

TEST_F(FileSealTest, InitMakesAPrivateFileOnce) {
  const mode_t old = umask(0);
  ASSERT_OK(FileSeal::Init(path_));
  umask(old);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(info.st_size, 32);
  EXPECT_THAT(FileSeal::Init(path_), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(FileSealTest, ModesThatOthersCouldUseAreRefused) {
  ASSERT_OK(FileSeal::Init(path_));
  for (const mode_t mode : {0640u, 0604u, 0660u, 0700u, 04600u}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    ExpectRefused();
  }
  ASSERT_EQ(chmod(path_.c_str(), 0400), 0);
  EXPECT_THAT(FileSeal(path_).Wrap(ref_, root_), IsOk());
}

TEST_F(FileSealTest, AnotherOwnersFileIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_OK(FileSeal::Init(path_));
  ASSERT_EQ(chown(path_.c_str(), 65534, 65534), 0);
  ExpectRefused();
}

TEST_F(FileSealTest, WhatIsNoSealFileIsRefused) {
  ExpectRefused();
  ASSERT_OK(FileSeal::Init(path_));
  EXPECT_FALSE(FileSeal(directory_).Wrap(ref_, root_).ok());
  std::ofstream(path_, std::ios::app) << "x";
  ExpectRefused();
}

TEST_F(FileSealTest, AnotherSealOrAnotherKeysNameDoesNotOpen) {
  ASSERT_OK(FileSeal::Init(path_));
  FileSeal seal(path_);
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, seal.Wrap(ref_, root_));
  EXPECT_FALSE(seal.Unwrap({ref_.key_id, 2}, wrapped).ok());
  EXPECT_FALSE(seal.Unwrap({Uuid(), 1}, wrapped).ok());
  const std::string other = directory_ / "other";
  ASSERT_OK(FileSeal::Init(other));
  EXPECT_THAT(FileSeal(other).Unwrap(ref_, wrapped),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace kasbah::vault
