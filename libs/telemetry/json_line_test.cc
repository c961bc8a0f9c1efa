#include "libs/telemetry/json_line.h"

#include <gtest/gtest.h>

#include <limits>

namespace kasbah::telemetry {
namespace {

std::string Json(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

TEST(JsonLine, HoldsTimeLevelServiceMessageThenFields) {
  EXPECT_EQ(FormatLogLine(absl::FromUnixMillis(1'790'000'000'007), "info", "vault", "started",
                          {{"port", 9000},
                           {"name", "a"},
                           {"ready", true},
                           {"ratio", 0.5},
                           {"big", std::numeric_limits<uint64_t>::max()}}),
            "{\"time\":\"2026-09-21T14:13:20.007Z\",\"level\":\"info\",\"service\":\"vault\","
            "\"message\":\"started\",\"port\":9000,\"name\":\"a\",\"ready\":true,\"ratio\":0.5,"
            "\"big\":18446744073709551615}");
}

TEST(JsonLine, NoValueEndsItsStringOrLine) {
  EXPECT_EQ(Json("a\"b\\c\nd\re\tf"), "\"a\\\"b\\\\c\\nd\\re\\tf\"");
  EXPECT_EQ(Json(std::string_view("\0\x1b\x7f", 3)), "\"\\u0000\\u001b\\u007f\"");
}

TEST(JsonLine, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(Json("é €😀"), "\"é €😀\"");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Json("\xC0\x80"), "\"" + bad + bad + "\"");            // overlong
  EXPECT_EQ(Json("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"");  // surrogate
  EXPECT_EQ(Json("\xE2\x82"), "\"" + bad + bad + "\"");            // cut off
  EXPECT_EQ(Json("\xF5\x80\x80\x80"), "\"" + bad + bad + bad + bad + "\"");
}

TEST(JsonLine, WritesNoNumberThatJsonLacks) {
  const std::string line = FormatLogLine(absl::UnixEpoch(), "info", "s", "m",
                                         {{"x", std::numeric_limits<double>::infinity()}});
  EXPECT_NE(line.find("\"x\":null"), std::string::npos);
}

}  // namespace
}  // namespace kasbah::telemetry
