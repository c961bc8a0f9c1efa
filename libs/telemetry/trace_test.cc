#include "libs/telemetry/trace.h"

#include <gtest/gtest.h>

namespace kasbah::telemetry {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, ChildKeepsTheTraceAndTheSampledBitWithASpanOfItsOwn) {
  const std::string child = ChildTraceparent(kParent);
  ASSERT_EQ(child.size(), 55u);
  EXPECT_EQ(TraceIdOf(child), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(child.substr(36, 16), "00f067aa0ba902b7");
  EXPECT_EQ(child.substr(52), "-01");
  EXPECT_NE(ChildTraceparent(kParent), child);
}

TEST(Trace, MalformedParentStartsANewTrace) {
  for (const char* bad : {
           "",
           "x",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    EXPECT_EQ(TraceIdOf(bad), "") << bad;
    const std::string child = ChildTraceparent(bad);
    EXPECT_EQ(TraceIdOf(child).size(), 32u) << bad;
    EXPECT_NE(TraceIdOf(child), "4bf92f3577b34da6a3ce929d0e0e4736") << bad;
  }
}

TEST(Trace, LaterVersionsAreReadAsVersionZero) {
  EXPECT_EQ(TraceIdOf("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"),
            "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(Trace, ARootIsSampledByTheRatioAndAChildAsItsParent) {
  const std::string unsampled(std::string(kParent).substr(0, 53) + "00");
  int sampled = 0;
  for (int i = 0; i < 4000; ++i) {
    EXPECT_FALSE(IsSampled(ChildTraceparent("")));
    EXPECT_TRUE(IsSampled(ChildTraceparent("", 1)));
    EXPECT_TRUE(IsSampled(ChildTraceparent(kParent, 0)));
    EXPECT_FALSE(IsSampled(ChildTraceparent(unsampled, 1)));
    sampled += IsSampled(ChildTraceparent("", 0.25));
  }
  // Seven standard deviations on either side.
  EXPECT_GT(sampled, 1000 - 192);
  EXPECT_LT(sampled, 1000 + 192);
}

TEST(Trace, PartsAreReadAndNothingOfWhatIsMalformed) {
  EXPECT_EQ(SpanIdOf(kParent), "00f067aa0ba902b7");
  EXPECT_TRUE(IsSampled(kParent));
  EXPECT_EQ(SpanIdOf("00-x"), "");
  EXPECT_FALSE(IsSampled(""));
}

}  // namespace
}  // namespace kasbah::telemetry
