#include "libs/dev/log_merger.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "libs/dev/files.h"

namespace kasbah::dev {
namespace {

TEST(LogMerger, LinesOfSeveralSourcesStayWhole) {
  const std::string path = testing::TempDir() + "merged" + std::to_string(getpid());
  auto log = LogMerger::Open(path, [](std::string_view, std::string_view) {});
  ASSERT_TRUE(log.ok());
  (*log)->Add("auth", "{\"message\":\"on");
  (*log)->Add("vault", "{\"message\":\"two\"}\n");
  (*log)->Add("auth", "e\"}\n{\"mess");
  (*log)->Finish("auth");
  EXPECT_EQ(ReadFile(path).value(),
            "vault {\"message\":\"two\"}\nauth {\"message\":\"one\"}\nauth {\"mess\n");
  unlink(path.c_str());
}

TEST(LogMerger, AFullDiskDropsLinesAndSaysSoOnce) {
  int alarms = 0;
  auto log = LogMerger::Open("/dev/full", [&](std::string_view, std::string_view) { ++alarms; });
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->Add("auth",
              "{\"level\":\"info\",\"message\":\"a\"}\n{\"level\":\"info\",\"message\":\"b\"}\n");
  EXPECT_EQ(alarms, 1);
}

TEST(ErrorInLine, ShowsErrorsAndWhatIsNoJsonAlone) {
  EXPECT_EQ(ErrorInLine(R"({"level":"info","message":"started"})"), "");
  EXPECT_EQ(ErrorInLine(
                R"({"time":"t","level":"error","service":"auth","message":"stopped","error":"x"})"),
            "stopped  error=x");
  EXPECT_EQ(ErrorInLine("==1==ERROR: AddressSanitizer"), "==1==ERROR: AddressSanitizer");
  EXPECT_EQ(ErrorInLine("  "), "");
}

}  // namespace
}  // namespace kasbah::dev
