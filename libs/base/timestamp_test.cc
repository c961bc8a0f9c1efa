#include "libs/base/timestamp.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "libs/testing/status_matchers.h"

namespace kasbah {
namespace {

using testing::ReasonIs;

google::protobuf::Timestamp Stamp(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(seconds);
  stamp.set_nanos(nanos);
  return stamp;
}

google::protobuf::Duration Length(int64_t seconds, int32_t nanos) {
  google::protobuf::Duration length;
  length.set_seconds(seconds);
  length.set_nanos(nanos);
  return length;
}

TEST(Timestamp, GoesThereAndBack) {
  for (const auto& stamp : {Stamp(0, 0), Stamp(-1, 999'999'999), Stamp(1'790'000'000, 1),
                            Stamp(-62'135'596'800, 0), Stamp(253'402'300'799, 999'999'999)}) {
    const auto time = FromTimestamp(stamp, "at");
    ASSERT_OK(time);
    EXPECT_EQ(ToTimestamp(*time).seconds(), stamp.seconds());
    EXPECT_EQ(ToTimestamp(*time).nanos(), stamp.nanos());
  }
}

TEST(Timestamp, WhatNoCalendarSaysIsRefused) {
  for (const auto& stamp : {Stamp(-62'135'596'801, 0), Stamp(253'402'300'800, 0), Stamp(0, -1),
                            Stamp(0, 1'000'000'000), Stamp(std::numeric_limits<int64_t>::max(), 0),
                            Stamp(std::numeric_limits<int64_t>::min(), 0)}) {
    EXPECT_THAT(FromTimestamp(stamp, "at"), ReasonIs("INVALID_FIELDS")) << stamp.DebugString();
  }
}

TEST(Duration, GoesThereAndBack) {
  for (const auto& length : {Length(0, 0), Length(-1, -5), Length(0, -5), Length(3600, 999'999'999),
                             Length(315'576'000'000, 0)}) {
    const auto duration = FromDuration(length, "for");
    ASSERT_OK(duration);
    EXPECT_EQ(ToDuration(*duration).seconds(), length.seconds());
    EXPECT_EQ(ToDuration(*duration).nanos(), length.nanos());
  }
}

TEST(Duration, WhatIsNoneIsRefused) {
  for (const auto& length :
       {Length(315'576'000'001, 0), Length(1, -1), Length(-1, 1), Length(0, 1'000'000'000),
        Length(std::numeric_limits<int64_t>::max(), 0)}) {
    EXPECT_THAT(FromDuration(length, "for"), ReasonIs("INVALID_FIELDS")) << length.DebugString();
  }
}

}  // namespace
}  // namespace kasbah
