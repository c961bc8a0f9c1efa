#include "services/vault/domain/file_share_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::vault {
namespace {

class FileShareStoreTest : public ::testing::Test {
 protected:
  FileShareStoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-shares-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    store_ = *FileShareStore::Create(directory_);
  }
  ~FileShareStoreTest() override { std::filesystem::remove_all(directory_); }
  std::string PathOf(const ShareRef& ref) const {
    return directory_ / ref.tenant.ToString() / crypto::Hex(ref.id.view());
  }

  std::filesystem::path directory_;
  std::unique_ptr<FileShareStore> store_;
  const ShareRef ref_{TenantId::New(absl::Now()), Uuid::V7(absl::Now())};
};

TEST_F(FileShareStoreTest, AShareIsThereUntilItIsDestroyedAndNeverAgain) {
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes made, store_->Make(ref_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes read, store_->Read(ref_));
  EXPECT_TRUE(read.Equals(made));
  // Another name of the same file shows whether its bytes went, not its name alone.
  const std::string link = directory_ / "link";
  std::filesystem::create_hard_link(PathOf(ref_), link);
  ASSERT_OK(store_->Destroy(ref_));
  std::ifstream in(link, std::ios::binary);
  const std::string left((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(left, std::string(32, '\0'));
  EXPECT_TRUE(absl::IsDataLoss(store_->Read(ref_).status()));
  EXPECT_OK(store_->Destroy(ref_));
  // A copy that somebody puts back does not count.
  std::filesystem::copy_file(link, PathOf(ref_));
  EXPECT_TRUE(absl::IsDataLoss(store_->Read(ref_).status()));
}

TEST_F(FileShareStoreTest, ACrashAfterTheMarkIsFinishedByTheNextTry) {
  ASSERT_OK(store_->Make(ref_).status());
  std::ofstream(PathOf(ref_) + ".destroyed");
  EXPECT_TRUE(absl::IsDataLoss(store_->Read(ref_).status()));
  EXPECT_OK(store_->Destroy(ref_));
  EXPECT_FALSE(std::filesystem::exists(PathOf(ref_)));
}

TEST_F(FileShareStoreTest, AnAbsentShareIsNoDestroyedOne) {
  EXPECT_TRUE(absl::IsNotFound(store_->Read(ref_).status()));
  EXPECT_OK(store_->Destroy(ref_));
}

TEST_F(FileShareStoreTest, WhatOthersMayReadIsRefused) {
  ASSERT_OK(store_->Make(ref_).status());
  chmod(PathOf(ref_).c_str(), 0644);
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Read(ref_).status()));
  chmod(directory_.c_str(), 0755);
  EXPECT_FALSE(FileShareStore::Create(directory_).ok());
  EXPECT_FALSE(FileShareStore::Create(directory_ / "absent").ok());
}

}  // namespace
}  // namespace kasbah::vault
