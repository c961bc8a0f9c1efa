#include "services/tenant_data/placement/placement_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::HasSubstr;

class CrashTest : public PlacementTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(CrashTest, AnotherWorkerEndsTheMove) {
  Fill(a_, 3);
  test_->Execute(kRowsOfAllKinds);
  const Move move = Start(a_, "second");
  ASSERT_TRUE(absl::IsCancelled(NewMover(CrashAt(GetParam()))->RunOnce().status()));
  EXPECT_NE(Place(a_), "both");
  RunAll(*NewMover());
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_EQ(Place(a_), "second");
  EXPECT_EQ(RowsOf(*test_, a_), "");
  EXPECT_THAT(RowsOf(second_->database(), a_), HasSubstr("records 3 "));
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
}

TEST_P(CrashTest, WhatWasGoingOnBeforeItCanBeCancelledUnlessItIsThere) {
  Fill(a_, 3);
  const std::string rows = RowsOf(*test_, a_);
  const Move move = Start(a_, "second");
  ASSERT_TRUE(absl::IsCancelled(NewMover(CrashAt(GetParam()))->RunOnce().status()));
  const absl::StatusOr<Move> cancelled = placements_->Cancel(Call(a_), move.id);
  RunAll(*NewMover());
  if (cancelled.ok()) {
    EXPECT_EQ(Current(move).step, MoveStep::kCancelled);
    EXPECT_EQ(Place(a_), "main");
    EXPECT_EQ(RowsOf(*test_, a_), rows);
    EXPECT_EQ(RowsOf(second_->database(), a_), "");
  } else {
    EXPECT_EQ(ReasonOf(cancelled.status()), "MOVE_PAST_SWITCH");
    EXPECT_EQ(Place(a_), "second");
    EXPECT_EQ(RowsOf(second_->database(), a_), rows);
  }
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM tenant_data.changed_rows"), "0");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM pg_trigger WHERE tgname = 'note_change' "
                              "AND tgenabled <> 'D'"),
            "0");
}

INSTANTIATE_TEST_SUITE_P(AtEachPoint, CrashTest,
                         ::testing::Values("leaving", "saved", "page", "caught up", "held",
                                           "verified", "nowhere", "switched", "here"),
                         [](const auto& point) {
                           std::string name = point.param;
                           std::erase(name, ' ');
                           return name;
                         });

using WorkerTest = PlacementTest;

TEST_F(WorkerTest, AHoldEndsByItselfWhenItsWorkerIsGone) {
  const auto id = Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  const Move move = Start(a_, "second");
  MoveSettings settings;
  settings.hold = absl::Milliseconds(300);
  EXPECT_TRUE(absl::IsCancelled(NewMover(CrashAt("held"), settings)->RunOnce().status()));
  absl::Status written = absl::UnavailableError("");
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (absl::IsUnavailable(written) && absl::Now() < deadline) {
    written = SetNote(a_, *id, 1, "after the hold");
  }
  EXPECT_OK(written);
  RunAll(*NewMover());
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_EQ(Get(Call(a_), *id)->version, 2u);
}

TEST_F(WorkerTest, AMoveThatNobodyHasBegunCanBeCancelled) {
  Fill(a_, 3);
  const std::string rows = RowsOf(*test_, a_);
  const Move move = Start(a_, "second");
  ASSERT_OK(placements_->Cancel(Call(a_), move.id));
  RunAll(*NewMover());
  EXPECT_EQ(Current(move).step, MoveStep::kCancelled);
  EXPECT_EQ(PlaceIn(second_->database(), a_), "");
  EXPECT_EQ(RowsOf(*test_, a_), rows);
}

TEST_F(WorkerTest, AWorkerThatWasTakenForDeadChangesNothing) {
  Fill(a_, 3);
  const Move move = Start(a_, "second");
  bool taken_over = false;
  // In the middle of the first one's copy another comes, ends the move, and the tenant works there.
  const auto first = NewMover([&](std::string_view point) {
    if (point == "page" && !taken_over) {
      taken_over = true;
      RunAll(*NewMover());
      EXPECT_OK(
          writer().Delete(Call(a_), *Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}), std::nullopt));
    }
    return absl::OkStatus();
  });
  EXPECT_OK(first->RunOnce());
  const std::string rows = RowsOf(second_->database(), a_);
  EXPECT_EQ(Current(move).step, MoveStep::kDone);
  EXPECT_EQ(Place(a_), "second");
  EXPECT_THAT(rows, HasSubstr("records 4 "));
}

}  // namespace
}  // namespace kasbah::tenantdata
