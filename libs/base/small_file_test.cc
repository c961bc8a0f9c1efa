#include "libs/base/small_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace kasbah {
namespace {

std::string FileOf(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/small_file";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(SmallFile, IsReadWholeWithoutTheSpaceAround) {
  EXPECT_EQ(ReadSmallFile(FileOf(" a b\n"), 1024).value(), "a b");
  EXPECT_EQ(ReadSmallFile(FileOf(std::string(1024, 'x')), 1024).value(), std::string(1024, 'x'));
  EXPECT_EQ(ReadSmallFile(FileOf(""), 1024).value(), "");
}

TEST(SmallFile, WhatIsTooLargeIsNotReadInPart) {
  EXPECT_EQ(ReadSmallFile(FileOf(std::string(1025, 'x')), 1024).status().message(),
            "is larger than 1 KiB");
}

TEST(SmallFile, WhatIsNotThereOrADirectoryIsNamed) {
  EXPECT_EQ(ReadSmallFile("/absent", 1024).status().message(), "cannot be read");
  EXPECT_EQ(ReadSmallFile("/", 1024).status().message(), "cannot be read");
}

}  // namespace
}  // namespace kasbah
