#include "libs/dev/directory_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/time/clock.h"

namespace kasbah::dev {
namespace {

TEST(DirectoryLock, ASecondHolderIsToldWhoRuns) {
  const std::string path = testing::TempDir() + "lock" + std::to_string(getpid());
  EXPECT_FALSE(DirectoryLock::Holder(path).has_value());
  auto first = DirectoryLock::Take(path);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(DirectoryLock::Holder(path), getpid());
  const auto second = DirectoryLock::Take(path);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(std::string(second.status().message()).find(std::to_string(getpid())),
            std::string::npos);
  EXPECT_FALSE(DirectoryLock::WaitUntilFree(path, absl::Now()));
  first->reset();
  EXPECT_TRUE(DirectoryLock::WaitUntilFree(path, absl::Now()));
  EXPECT_TRUE(DirectoryLock::Take(path).ok());
  unlink(path.c_str());
}

}  // namespace
}  // namespace kasbah::dev
