#include "libs/telemetry/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "libs/telemetry/metrics.h"

namespace kasbah::telemetry {
namespace {

TEST(Log, WritesLinesFromItsLevelUpAndFlushes) {
  testing::internal::CaptureStderr();
  SetUpLogs("vault", "info");
  LogDebug("not shown");
  LogInfo("shown", {{"value", "{fmt} is \"data\"\n"}});
  LogError("also shown");
  FlushLogs();
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.find("not shown"), std::string::npos) << out;
  EXPECT_NE(out.find("\"level\":\"info\",\"service\":\"vault\",\"message\":\"shown\","
                     "\"value\":\"{fmt} is \\\"data\\\"\\n\"}\n"),
            std::string::npos)
      << out;
  EXPECT_NE(out.find("\"level\":\"error\",\"service\":\"vault\",\"message\":\"also shown\"}\n"),
            std::string::npos)
      << out;
  EXPECT_NE(RenderMetrics().find("kasbah_log_dropped_lines 0\n"), std::string::npos);
}

}  // namespace
}  // namespace kasbah::telemetry
