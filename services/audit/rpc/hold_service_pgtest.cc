#include <gtest/gtest.h>

#include "services/audit/rpc/retention_fixture.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class HoldTest : public RetentionTestBase {
 protected:
  // 600 old events, of which 10 and 400 are Eve's.
  void LogWithEve() {
    Events events = Repeat(a_, 600);
    for (const size_t at : {10u, 400u}) events[at].second = Event("secret.read", "usr_eve");
    Log(events, LongAgo());
    Sign(a_);
  }
  std::string Held(uint64_t sequence) {
    return test_->QueryValue(StrCat("SELECT count(*) FROM audit.event WHERE seq = ", sequence));
  }
};

TEST_F(HoldTest, HeldEventsStayWithTheirProofs) {
  LogWithEve();
  ASSERT_OK(HoldActor(a_, "usr_eve"));
  ASSERT_OK(RunWorker());
  EXPECT_EQ(HasPartition(LongAgo()), "f");
  EXPECT_EQ(Count("event", a_), "2");

  ASSERT_OK_AND_ASSIGN(const v1::GetEventResponse event, Get(a_, 10));
  EXPECT_EQ(event.event().event().actor().id(), "usr_eve");
  EXPECT_THAT(Get(a_, 11), ReasonIs("EVENT_ARCHIVED"));
  ASSERT_OK_AND_ASSIGN(const v1::ListEventsResponse list, List(a_, {}));
  EXPECT_EQ(list.events_size(), 2);
  // Proved in a log whose other events are gone.
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 2u);
  EXPECT_EQ(verdict.summary.filter, R"({"first_sequence":600,"past_sequence":600})");
}

TEST_F(HoldTest, AHoldPlacedAfterTheBundleAndBeforeTheDropHolds) {
  LogWithEve();
  auto worker = NewWorker();
  ASSERT_OK_AND_ASSIGN(const auto archive, worker->BeginBundle({a_, 600, 0, 400}));
  ASSERT_OK(worker->WriteBundle(*archive));
  ASSERT_OK(worker->AdvanceStart(*archive));
  ASSERT_OK(HoldActor(a_, "usr_eve"));
  ASSERT_OK(worker->RunOnce());
  EXPECT_EQ(Held(10), "1");
  EXPECT_EQ(Held(11), "0");
}

TEST_F(HoldTest, WhatAReleasedHoldAloneKeptGoesWithTheNextRound) {
  LogWithEve();
  ASSERT_OK_AND_ASSIGN(const v1::Hold hold, HoldActor(a_, "usr_eve"));
  ASSERT_OK(RunWorker());
  ASSERT_OK_AND_ASSIGN(const v1::Hold released, Release(a_, hold.hold_id()));
  EXPECT_TRUE(released.has_release_time());
  ASSERT_OK(RunWorker());
  EXPECT_EQ(Count("event", a_), "0");
  EXPECT_THAT(Get(a_, 10), ReasonIs("EVENT_ARCHIVED"));
  // Leaves of the open tile stay.
  EXPECT_EQ(Count("leaf", a_), "88");
}

TEST_F(HoldTest, AHoldNarrowsByTargetAndTime) {
  LogOld(a_, 5);
  Log(Repeat(a_, 5), LongAgo() + absl::Hours(1));
  Sign(a_);
  v1::CreateHoldRequest request;
  request.set_target_id("sec_x");
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(LongAgo() + absl::Minutes(30)));
  request.set_reason("file 13");
  ASSERT_OK(As(a_, &v1::HoldService::Stub::CreateHold, request));
  ASSERT_OK(RunWorker());
  EXPECT_EQ(Count("event", a_), "5");
  EXPECT_EQ(Held(4), "0");
  EXPECT_EQ(Held(5), "1");
}

TEST_F(HoldTest, AnotherTenantsHoldKeepsNothing) {
  LogOld(a_, 5);
  ASSERT_OK_AND_ASSIGN(const v1::Hold hold, HoldActor(b_, "usr_ada"));
  ASSERT_OK(RunWorker());
  EXPECT_EQ(Count("event", a_), "0");
  EXPECT_THAT(Release(a_, hold.hold_id()), ReasonIs("NOT_FOUND"));
}

TEST_F(HoldTest, PlacingAndReleasingAreEventsThatDoNotNameWhoIsHeld) {
  ASSERT_OK_AND_ASSIGN(const v1::Hold hold, HoldActor(a_, "usr_eve"));
  ASSERT_OK(Release(a_, hold.hold_id()));
  EXPECT_EQ(Waiting("audit.create_hold"), "1");
  EXPECT_EQ(Waiting("audit.release_hold"), "1");
  EXPECT_EQ(Waiting("usr_eve"), "0");
  ASSERT_OK_AND_ASSIGN(const auto holds,
                       As(a_, &v1::HoldService::Stub::ListHolds, v1::ListHoldsRequest()));
  EXPECT_EQ(holds.holds_size(), 1);
}

TEST_F(HoldTest, AHoldThatEndsBeforeItStartsIsRefused) {
  v1::CreateHoldRequest request;
  request.set_reason("x");
  request.mutable_start_time()->set_seconds(100);
  request.mutable_end_time()->set_seconds(100);
  EXPECT_THAT(As(a_, &v1::HoldService::Stub::CreateHold, request), ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::audit
