#include "services/webhook/domain/endpoint_pacing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/fake_clock.h"

namespace kasbah::webhook {
namespace {

class EndpointPacingTest : public ::testing::Test {
 protected:
  // What may go to `endpoint_` now.
  int RoomNow() const {
    for (const EndpointPacing::Room& limited : pacing_.Limited()) {
      if (limited.endpoint == endpoint_) return limited.room;
    }
    return pacing_.cap();
  }
  void FailOnce() {
    pacing_.Started(endpoint_);
    pacing_.Finished(endpoint_, false);
  }

  testing::FakeClock clock_;
  EndpointPacing pacing_{
      3,
      {.failures_to_open = 2, .open_for = absl::Seconds(10), .open_for_at_most = absl::Seconds(60)},
      clock_};
  const EndpointId endpoint_ = EndpointId::New(absl::FromUnixSeconds(1));
};

TEST_F(EndpointPacingTest, LeavesTheCapLessWhatIsUnderWay) {
  EXPECT_EQ(RoomNow(), 3);
  pacing_.Started(endpoint_);
  pacing_.Started(endpoint_);
  EXPECT_EQ(RoomNow(), 1);
  pacing_.Started(endpoint_);
  EXPECT_EQ(RoomNow(), 0);
  EXPECT_EQ(pacing_.in_flight(), 3);
  pacing_.Finished(endpoint_, true);
  pacing_.Abandoned(endpoint_);
  EXPECT_EQ(RoomNow(), 2);
}

TEST_F(EndpointPacingTest, AnEndpointThatFailsIsLeftAloneThenProbedOnce) {
  FailOnce();
  EXPECT_EQ(RoomNow(), 3);
  FailOnce();
  EXPECT_EQ(RoomNow(), 0);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(RoomNow(), 1);
  pacing_.Started(endpoint_);
  EXPECT_EQ(RoomNow(), 0);
  pacing_.Finished(endpoint_, false);
  clock_.Advance(absl::Seconds(19));
  EXPECT_EQ(RoomNow(), 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(RoomNow(), 1);
  pacing_.Started(endpoint_);
  pacing_.Finished(endpoint_, true);
  EXPECT_EQ(RoomNow(), 3);
}

TEST_F(EndpointPacingTest, EndpointsDoNotAffectEachOther) {
  FailOnce();
  FailOnce();
  const EndpointId other = EndpointId::New(absl::FromUnixSeconds(2));
  pacing_.Started(other);
  for (const EndpointPacing::Room& limited : pacing_.Limited()) {
    EXPECT_EQ(limited.room, limited.endpoint == endpoint_ ? 0 : 2);
  }
}

}  // namespace
}  // namespace kasbah::webhook
