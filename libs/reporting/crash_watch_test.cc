#include "libs/reporting/crash_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"

namespace kasbah::reporting {
namespace {

class CrashWatchTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CrashWatchTest, TheSignalIsToldAndTheProcessEndsOfIt) {
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    EXPECT_EXIT(
        {
          const CrashWatch watch([](std::string_view signal, std::string_view) {
            std::fprintf(stderr, "told %.*s\n", static_cast<int>(signal.size()), signal.data());
          });
          raise(number);
        },
        ::testing::KilledBySignal(number), "told SIG");
  }
}

TEST_F(CrashWatchTest, AReportThatNeverEndsIsNotWaitedFor) {
  const absl::Time before = absl::Now();
  EXPECT_EXIT(
      {
        const CrashWatch watch([](std::string_view, std::string_view) {
          while (true) pause();
        });
        std::abort();
      },
      ::testing::KilledBySignal(SIGABRT), "");
  EXPECT_LT(absl::Now() - before, absl::Seconds(20));
}

TEST_F(CrashWatchTest, AWatchThatIsOverLeavesNothingBehind) {
  struct sigaction before = {};
  sigaction(SIGSEGV, nullptr, &before);
  {
    const CrashWatch watch([](std::string_view, std::string_view) {});
    struct sigaction watched = {};
    sigaction(SIGSEGV, nullptr, &watched);
    EXPECT_NE(watched.sa_handler, before.sa_handler);
  }
  struct sigaction now = {};
  sigaction(SIGSEGV, nullptr, &now);
  EXPECT_EQ(now.sa_handler, before.sa_handler);
  const CrashWatch again([](std::string_view, std::string_view) {});
}

}  // namespace
}  // namespace kasbah::reporting
