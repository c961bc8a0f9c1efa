#include "services/tenant_data/placement/placement_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// Crashes at one checkpoint after the other, of moves of one tenant that is the same all along.
class CrashTest : public PlacementTest {
 protected:
  void SetUp() override {
    PlacementTest::SetUp();
    Fill(a_, 3);
    rows_ = RowsOf(*test_, a_);
  }

  // Whether the next worker comes to its `nth` checkpoint, counted from 0, and so dies there.
  bool CrashedAt(int nth) {
    int seen = 0;
    test_->Execute("UPDATE tenant_data.moves SET lease_until = '-infinity', due_at = now()");
    const auto worked = NewMover([&](std::string_view point) {
                          if (seen++ != nth) return absl::OkStatus();
                          points_.emplace(point);
                          last_ = std::string(point);
                          return absl::CancelledError("crashed");
                        })->RunOnce();
    EXPECT_NE(Place(a_), "both") << last_;
    return absl::IsCancelled(worked.status());
  }

  testing::TestDatabase& DatabaseOf(const std::string& shard) {
    return shard == "main" ? *test_ : second_->database();
  }
  void ExpectAllIsIn(const std::string& shard) {
    EXPECT_EQ(Place(a_), shard);
    EXPECT_EQ(RowsOf(DatabaseOf(shard), a_), rows_);
    EXPECT_EQ(RowsOf(DatabaseOf(shard == "main" ? "second" : "main"), a_), "");
    for (const std::string each : {"main", "second"}) {
      EXPECT_EQ(DatabaseOf(each).QueryValue("SELECT count(*) FROM tenant_data.changed_rows"), "0");
      EXPECT_EQ(DatabaseOf(each).QueryValue("SELECT count(*) FROM pg_trigger "
                                            "WHERE tgname = 'note_change' AND tgenabled <> 'D'"),
                "0");
    }
  }
  // There and back, so that both directions are crashed.
  void MoveAndCrash(const std::string& target, int nth, bool& crashed, int nth_of_second = -1) {
    const Move move = Start(a_, target);
    crashed = CrashedAt(nth);
    if (crashed && nth_of_second >= 0) CrashedAt(nth_of_second);
    RunAll(*NewMover());
    ASSERT_EQ(Current(move).step, MoveStep::kDone) << last_ << ": " << Current(move).problem;
    ExpectAllIsIn(target);
    ASSERT_FALSE(HasFailure()) << last_ << ", checkpoint " << nth;
  }

  std::string rows_;
  std::set<std::string> points_;
  std::string last_;
};

TEST_F(CrashTest, AnotherWorkerEndsTheMoveWhereverTheFirstOneDied) {
  bool there = true;
  bool back = true;
  for (int nth = 0; there || back; ++nth) {
    ASSERT_NO_FATAL_FAILURE(MoveAndCrash("second", nth, there));
    ASSERT_NO_FATAL_FAILURE(MoveAndCrash("main", nth, back));
  }
  EXPECT_THAT(points_, IsSupersetOf({"copy put", "leaving", "saved", "page", "compared",
                                     "caught up", "held", "verified", "nowhere", "switched", "here",
                                     "wiped here", "notes dropped"}));
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
}

TEST_F(CrashTest, TheOneAfterItMayDieAsWell) {
  bool crashed = true;
  for (int nth = 0; crashed; ++nth) {
    const std::string target = Place(a_) == "main" ? "second" : "main";
    ASSERT_NO_FATAL_FAILURE(MoveAndCrash(target, nth, crashed, nth % 4));
  }
}

TEST_F(CrashTest, WhatWasGoingOnBeforeItCanBeCancelledUnlessItIsThere) {
  bool crashed = true;
  int cancelled = 0;
  for (int nth = 0; crashed; ++nth) {
    const Move move = Start(a_, "second");
    crashed = CrashedAt(nth);
    const absl::Status cancel = placements_->Cancel(Call(a_), move.id).status();
    RunAll(*NewMover());
    if (cancel.ok()) {
      ++cancelled;
      EXPECT_EQ(Current(move).step, MoveStep::kCancelled) << last_;
      ExpectAllIsIn("main");
    } else {
      EXPECT_EQ(ReasonOf(cancel), "MOVE_PAST_SWITCH") << last_;
      ExpectAllIsIn("second");
      MoveTo(a_, "main");
    }
    ASSERT_FALSE(HasFailure()) << last_ << ", checkpoint " << nth;
  }
  EXPECT_GT(cancelled, 5);
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
}

// From where most has to be put back: the records are nowhere 'here'.
TEST_F(CrashTest, ACancellationIsEndedByAnotherWorker) {
  bool crashed = true;
  for (int nth = 0; crashed; ++nth) {
    const Move move = Start(a_, "second");
    ASSERT_TRUE(absl::IsCancelled(NewMover(CrashAt("nowhere"))->RunOnce().status()));
    ASSERT_OK(placements_->Cancel(Call(a_), move.id));
    crashed = CrashedAt(nth);
    if (crashed) CrashedAt(nth % 3);
    RunAll(*NewMover());
    EXPECT_EQ(Current(move).step, MoveStep::kCancelled);
    ExpectAllIsIn("main");
    ASSERT_FALSE(HasFailure()) << last_ << ", checkpoint " << nth;
  }
  EXPECT_THAT(points_, IsSupersetOf({"back", "notes dropped", "wiped there"}));
}

// A cancellation whose target was away: what the next move finds there.
TEST_F(CrashTest, WhatAnEarlierMoveLeftBehindGoesBeforeTheCopy) {
  bool crashed = true;
  for (int nth = 0; crashed && nth < 12; ++nth) {
    Start(a_, "second");
    ASSERT_TRUE(absl::IsCancelled(NewMover(CrashAt("caught up"))->RunOnce().status()));
    test_->Execute(
        "UPDATE tenant_data.moves SET step = 'failed', finished_at = now() "
        "WHERE finished_at IS NULL");
    second_->database().Execute("UPDATE tenant_data.record_history SET data = '{}'");
    ASSERT_NO_FATAL_FAILURE(MoveAndCrash("second", nth, crashed));
    MoveTo(a_, "main");
  }
  EXPECT_THAT(points_, IsSupersetOf({"copy put", "wiped there", "leaving"}));
}

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

// Nobody can use the tenant then, so another worker does not wait as long as elsewhere.
TEST_F(WorkerTest, TheLeaseIsShortWhileTheRecordsAreNowhere) {
  for (const char* point : {"nowhere", "switched", "copy put"}) {
    SCOPED_TRACE(point);
    bool nowhere = false;
    const Move move = Start(a_, Place(a_) == "main" ? "second" : "main");
    const auto crashed = NewMover([&](std::string_view reached) {
                           nowhere = nowhere || reached == "nowhere";
                           return nowhere && (reached == point || reached == "here")
                                      ? absl::CancelledError("crashed")
                                      : absl::OkStatus();
                         })->RunOnce();
    EXPECT_TRUE(absl::IsCancelled(crashed.status()));
    EXPECT_EQ(test_->QueryValue("SELECT lease_until <= now() + interval '3 seconds' "
                                "FROM tenant_data.moves WHERE finished_at IS NULL"),
              "t");
    RunAll(*NewMover());
    EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  }
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
