#include "services/witness/store/head_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "libs/merkle/note.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::witness {
namespace {

namespace fs = std::filesystem;

class HeadFilesTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(HeadFiles::Make(directory_)); }
  void TearDown() override { fs::remove_all(directory_); }

  std::unique_ptr<HeadFiles> Open() {
    auto opened = HeadFiles::Open(directory_);
    EXPECT_OK(opened);
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  fs::path OnlyHead() const {
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().extension() == ".head") return entry.path();
    }
    return {};
  }

  const std::string directory_ = ::testing::TempDir() + "head_files_test_" +
                                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const CosignedHead head_{7, merkle::LeafHash("root")};
};

TEST_F(HeadFilesTest, AHeadIsThereAfterARestart) {
  ASSERT_OK(Open()->Save("log", head_));
  const auto files = Open();
  ASSERT_OK_AND_ASSIGN(const auto found, files->Find("log"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->size, 7u);
  EXPECT_EQ(found->root, head_.root);
  ASSERT_OK_AND_ASSIGN(const auto other, files->Find("another log"));
  EXPECT_FALSE(other.has_value());
}

TEST_F(HeadFilesTest, ASmallerHeadIsRefused) {
  const auto files = Open();
  ASSERT_OK(files->Save("log", head_));
  EXPECT_FALSE(files->Save("log", {6, head_.root}).ok());
  EXPECT_EQ((*files->Find("log"))->size, 7u);
}

// A crash before the move leaves a file that nobody reads.
TEST_F(HeadFilesTest, WhatACrashLeftHalfWrittenIsPassedOver) {
  ASSERT_OK(Open()->Save("log", head_));
  std::ofstream(OnlyHead().string() + ".new") << "log\n9";
  const auto files = Open();
  EXPECT_EQ((*files->Find("log"))->size, 7u);
  ASSERT_OK(files->Save("log", {9, head_.root}));
  EXPECT_EQ((*files->Find("log"))->size, 9u);
}

TEST_F(HeadFilesTest, AFileThatIsNoHeadIsAnErrorAndNoNewLog) {
  ASSERT_OK(Open()->Save("log", head_));
  std::ofstream(OnlyHead()) << "";
  EXPECT_EQ(Open()->Find("log").status().code(), absl::StatusCode::kDataLoss);
  // Nor another log's.
  std::ofstream(OnlyHead()) << merkle::Checkpoint{"other", 1, head_.root}.ToText();
  EXPECT_EQ(Open()->Find("log").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HeadFilesTest, ADirectoryThatIsNoWitnesssIsRefused) {
  const std::string empty = directory_ + "/empty";
  fs::create_directory(empty);
  EXPECT_FALSE(HeadFiles::Open(empty).ok());
  EXPECT_FALSE(HeadFiles::Open(directory_ + "/absent").ok());
  EXPECT_EQ(HeadFiles::Make(directory_).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(HeadFilesTest, OneProcessHoldsItAtATime) {
  const auto first = Open();
  EXPECT_FALSE(HeadFiles::Open(directory_).ok());
}

}  // namespace
}  // namespace kasbah::witness
