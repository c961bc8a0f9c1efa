#include <atomic>
#include <map>
#include <thread>

#include "services/tenant_data/placement/placement_fixture.h"
#include "services/tenant_data/placement/tenant_mover.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::MatchesRegex;

class TenantMoverTest : public PlacementTest {
 protected:
  TenantRegistry Registry() {
    return TenantRegistry(*registry_door_, outbox_, hosts_, clock_, copies_.get());
  }

  void SetUp() override {
    PlacementTest::SetUp();
    registry_door_ = *postgres::Door::Open(test_->Pool("kasbah_tenant_data_registry"),
                                           postgres::DoorToken::TenantRegistry(),
                                           absl::Now() + absl::Seconds(30));
  }

  // Of rows that went again.
  void NoteGoneRecords(int count) {
    test_->Execute("INSERT INTO tenant_data.changed_rows (tenant_id, relation, key) SELECT " +
                   IdOf(a_) +
                   ", 'records', jsonb_build_object('record_id', gen_random_uuid()) "
                   "FROM generate_series(1, " +
                   std::to_string(count) + ")");
  }

  std::unique_ptr<postgres::Door> registry_door_;
  HostCache hosts_{clock_};
};

TEST_F(TenantMoverTest, MovesEveryTableOfATenantAndNothingOfAnother) {
  Fill(a_, 3);
  Fill(b_, 2);
  test_->Execute(kRowsOfAllKinds);
  const std::string of_a = RowsOf(*test_, a_);
  const std::string of_b = RowsOf(*test_, b_);
  const std::string tables =
      test_->QueryValue("SELECT count(*) FROM pg_trigger WHERE tgname = 'note_change'");
  ASSERT_EQ(std::to_string(std::vector<std::string>(absl::StrSplit(of_a, ", ")).size()), tables)
      << "a table has no row here, so that nothing is known of its move: " << of_a;

  MoveTo(a_, "second");

  EXPECT_EQ(RowsOf(second_->database(), a_), of_a);
  EXPECT_EQ(RowsOf(*test_, a_), "");
  EXPECT_EQ(RowsOf(*test_, b_), of_b);
  EXPECT_EQ(RowsOf(second_->database(), b_), "");
  EXPECT_EQ(Place(a_), "second");
  EXPECT_EQ(Place(b_), "main");
}

TEST_F(TenantMoverTest, ATenantWorksWhereItWasMovedTo) {
  const auto before = Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  ASSERT_OK(before);
  MoveTo(a_, "second");
  EXPECT_OK(Get(Call(a_), *before));
  EXPECT_OK(SetNote(a_, *before, 1, "a note"));
  const auto after = Create(a_, {{"alpha_2", "FR"}, {"name", "France"}});
  ASSERT_OK(after);
  EXPECT_OK(Get(Call(a_), *after));
  // A value that was taken before the move is taken after it.
  EXPECT_FALSE(Create(a_, {{"alpha_2", "DE"}, {"name", "Again"}}).ok());
  EXPECT_EQ(Count("tenant_data.records WHERE tenant_id = " + IdOf(a_)), 0);
  EXPECT_OK(Create(b_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
}

TEST_F(TenantMoverTest, MovesBackHome) {
  Fill(a_, 3);
  const std::string rows = RowsOf(*test_, a_);
  MoveTo(a_, "second");
  MoveTo(a_, "main");
  EXPECT_EQ(RowsOf(*test_, a_), rows);
  EXPECT_EQ(RowsOf(second_->database(), a_), "");
  EXPECT_EQ(Place(a_), "main");
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
}

TEST_F(TenantMoverTest, CopiesInManyPages) {
  // More than a page of rows, and rows of which two are more than a page of bytes.
  test_->Execute(absl::StrCat(
      "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, schema_version, "
      "version, data, created_at, updated_at) SELECT ",
      IdOf(a_), ", gen_random_uuid(), gen_random_uuid(), 1, 1, ",
      "jsonb_build_object('a', repeat('x', CASE WHEN i <= 4 THEN 3000000 ELSE 10 END)), ",
      "now(), now() FROM generate_series(1, 1200) i"));
  const std::string rows = RowsOf(*test_, a_);
  const Move move = Start(a_, "second");
  RunAll(*NewMover());
  EXPECT_GE(Current(move).copied, 1200);
  EXPECT_EQ(Current(move).compared, Current(move).copied);
  EXPECT_EQ(RowsOf(second_->database(), a_), rows);
}

TEST_F(TenantMoverTest, WhatChangesWhileItIsCopiedIsBroughtOver) {
  Fill(a_, 5);
  const auto doomed = Create(a_, {{"alpha_2", "XX"}, {"name", "Doomed"}});
  const auto changed = Create(a_, {{"alpha_2", "YY"}, {"name", "Changed"}});
  std::string rows;
  const Move move = Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) {
    if (point != "caught up" || !rows.empty()) return absl::OkStatus();
    // Everything is copied. The value of one goes to another, and a definition comes.
    EXPECT_OK(writer().Purge(Call(a_), *doomed, std::nullopt));
    EXPECT_OK(Create(a_, {{"alpha_2", "XX"}, {"name", "Heir"}}));
    EXPECT_OK(SetNote(a_, *changed, 1, "changed"));
    rows = RowsOf(*test_, a_);
    return absl::OkStatus();
  }));
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_GT(Current(move).caught_up, 0);
  EXPECT_EQ(RowsOf(second_->database(), a_), rows);
}

TEST_F(TenantMoverTest, WhoeverWritesAfterEachPageKeepsNoTableFromItsEnd) {
  Fill(a_, 2);
  int written = 0;
  const Move move = Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) -> absl::Status {
    if (point != "page" && point != "compared") return absl::OkStatus();
    // More pages than there are tables, twice.
    if (++written > 60) return absl::CancelledError("it does not end");
    // So that it comes after all others.
    clock_.Advance(absl::Milliseconds(1));
    return Create(a_, {{"alpha_2", absl::StrCat("W", written)}, {"name", "n"}}).status();
  }));
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_THAT(RowsOf(second_->database(), a_),
              ::testing::HasSubstr(absl::StrCat("records ", written + 2)));
}

TEST_F(TenantMoverTest, WhoeverWritesFasterThanItCatchesUpIsHeldUpAllTheSame) {
  Fill(a_, 2);
  int parts = 0;
  bool was_held = false;
  const Move move = Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) -> absl::Status {
    was_held = was_held || point == "held";
    if (point != "part" || was_held) return absl::OkStatus();
    if (++parts > 200) return absl::CancelledError("it does not end");
    // More than it catches up with in one part.
    NoteGoneRecords(1001);
    return absl::OkStatus();
  }));
  EXPECT_TRUE(was_held);
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
}

// What was noted while the copy was made, which may be much, is no writer that it cannot follow.
TEST_F(TenantMoverTest, ALongBacklogIsCaughtUpWithBeforeAnybodyIsHeldUp) {
  Fill(a_, 2);
  std::string left;
  bool is_noted = false;
  const Move move = Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) -> absl::Status {
    if (point == "page" && !is_noted) {
      is_noted = true;
      NoteGoneRecords(120'000);
    }
    if (point == "caught up") {
      left = test_->QueryValue("SELECT count(*) FROM tenant_data.changed_rows");
    }
    return absl::OkStatus();
  }));
  EXPECT_TRUE(is_noted);
  EXPECT_EQ(left, "0");
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
}

TEST_F(TenantMoverTest, WhatTakesLongerThanAHoldMayFailsByThatNameAndIsPutBack) {
  Fill(a_, 2);
  const std::string rows = RowsOf(*test_, a_);
  MoveSettings settings;
  settings.hold = absl::Milliseconds(1);
  const Move move = Start(a_, "second");
  RunAll(*NewMover(nullptr, settings));
  EXPECT_EQ(Current(move).step, MoveStep::kFailed);
  EXPECT_EQ(Current(move).problem, "HOLD_TOO_SHORT");
  EXPECT_EQ(Current(move).attempts, settings.most_attempts);
  EXPECT_EQ(RowsOf(*test_, a_), rows);
  EXPECT_EQ(RowsOf(second_->database(), a_), "");
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}));
}

TEST_F(TenantMoverTest, WritersGoOnWhileItMovesAndLoseNothing) {
  Fill(a_, 20);
  std::atomic<bool> stop = false;
  std::vector<std::vector<RecordId>> made(2);
  std::vector<std::thread> writers;
  for (size_t w = 0; w < made.size(); ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; !stop; ++i) {
        const NewRecord record =
            Record(*rules_a_, {{"alpha_2", absl::StrCat("W", w, "-", i)}, {"name", "n"}});
        absl::StatusOr<Created> created = absl::UnavailableError("");
        while (absl::IsUnavailable(created.status())) {
          created = writer().Create(Call(a_), *rules_a_, record, std::nullopt);
        }
        ASSERT_OK(created);
        made[w].push_back(created->id);
        absl::Status noted = absl::UnavailableError("");
        while (absl::IsUnavailable(noted)) noted = SetNote(a_, created->id, 1, "noted");
        ASSERT_OK(noted);
      }
    });
  }
  const Move move = Start(a_, "second");
  RunAll(*NewMover());
  const auto written_before = [&] { return made[0].size() + made[1].size(); };
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_OK(Create(a_, {{"alpha_2", "after"}, {"name", "n"}}));
  stop = true;
  for (std::thread& thread : writers) thread.join();
  ASSERT_GT(written_before(), 0u);

  EXPECT_EQ(RowsOf(*test_, a_), "");
  for (const auto& ids : made) {
    for (const RecordId id : ids) {
      const auto record = Get(Call(a_), id);
      ASSERT_OK(record);
      EXPECT_EQ(record->version, 2u);
    }
  }
  const std::string records = std::to_string(20 + 1 + written_before());
  const auto there = [&](const std::string& table) {
    return second_->database().QueryValue("SELECT count(*) FROM tenant_data." + table);
  };
  EXPECT_EQ(there("records"), records);
  EXPECT_EQ(there("record_history"), std::to_string(21 + 2 * written_before()));
  EXPECT_EQ(there("record_history h WHERE version = 2 AND NOT EXISTS (SELECT FROM "
                  "tenant_data.record_history o WHERE o.record_id = h.record_id "
                  "AND o.version = 1)"),
            "0");

  // Each record's events came in the order of its versions, across both outboxes.
  second_->CarryOut();
  std::map<std::string, uint64_t> last;
  for (const outbox::v1::ChangeEvent& event : second_->changes()) {
    if (!event.type().starts_with("record.")) continue;
    EXPECT_EQ(event.sequence(), ++last[event.resource_id()]) << event.type();
  }
  EXPECT_EQ(std::to_string(last.size()), records);
}

TEST_F(TenantMoverTest, WhileWritesAreHeldReadsGoOn) {
  const auto id = Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  bool was_held = false;
  Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) {
    if (point != "held") return absl::OkStatus();
    was_held = true;
    EXPECT_OK(Get(Call(a_), *id));
    const absl::Status refused = SetNote(a_, *id, 1, "too late");
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(refused), "TENANT_MOVING");
    EXPECT_TRUE(DetailsOf(refused).retry_delay.has_value());
    EXPECT_OK(Create(b_, {{"alpha_2", "DE"}, {"name", "Germany"}}));
    return absl::OkStatus();
  }));
  EXPECT_TRUE(was_held);
  EXPECT_OK(SetNote(a_, *id, 1, "in time"));
}

TEST_F(TenantMoverTest, AReplicaThatHasNotHeardIsRefusedAndLearns) {
  const auto id = Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  ASSERT_OK(id);
  const std::unique_ptr<ShardMap> stale = second_->NewMap();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  // One that knows of no other databases, and one that still thinks all is at home.
  auto ignorant = *postgres::Database::Open(test_->Pool("kasbah_tenant_data"), deadline);
  auto replica = *postgres::Database::Open(test_->Pool("kasbah_tenant_data"), deadline);
  replica->PlaceBy(stale.get());
  MoveTo(a_, "second");

  const NewRecord late = Record(*rules_a_, {{"alpha_2", "FR"}, {"name", "France"}});
  const auto refused =
      RecordWriter(*ignorant, outbox_, clock_).Create(Call(a_), *rules_a_, late, std::nullopt);
  EXPECT_EQ(ReasonOf(refused.status()), "TENANT_MOVED");
  EXPECT_OK(
      RecordWriter(*replica, outbox_, clock_).Create(Call(a_), *rules_a_, late, std::nullopt));
  EXPECT_OK(Get(Call(a_), late.id));
  EXPECT_EQ(Count("tenant_data.records WHERE tenant_id = " + IdOf(a_)), 0);
}

TEST_F(TenantMoverTest, ATenantCanBeSuspendedWhileItMoves) {
  Fill(a_, 3);
  bool suspended = false;
  Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) {
    if (point != "page" || suspended) return absl::OkStatus();
    suspended = true;
    return Registry().Suspend(Call(a_), "invoice unpaid").status();
  }));
  ASSERT_TRUE(suspended);
  EXPECT_EQ(Place(a_), "second");
  EXPECT_EQ(ReasonOf(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}).status()),
            reason::kTenantSuspended);
  EXPECT_OK(Registry().Resume(Call(a_)));
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}));
}

TEST_F(TenantMoverTest, ASuspensionIsWhereTheRecordsAreBeforeItIsAtHome) {
  MoveTo(a_, "second");
  // The other database cannot be written to: nothing is said at home either.
  second_->database().Execute("REVOKE UPDATE ON core.tenants FROM kasbah_tenant_data_mover");
  EXPECT_FALSE(Registry().Suspend(Call(a_), "unpaid").ok());
  EXPECT_EQ(test_->QueryValue("SELECT state FROM core.tenants WHERE tenant_id = " + IdOf(a_)),
            "active");
  second_->database().Execute("GRANT UPDATE ON core.tenants TO kasbah_tenant_data_mover");
  EXPECT_OK(Registry().Suspend(Call(a_), "unpaid"));
  EXPECT_EQ(ReasonOf(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}).status()),
            reason::kTenantSuspended);
}

TEST_F(TenantMoverTest, ACopyThatDiffersFromHomeIsRepaired) {
  MoveTo(a_, "second");
  // A suspension that was committed there and did not come to pass at home.
  second_->database().Execute(
      "UPDATE core.tenants SET state = 'suspended', state_version = 2 "
      "WHERE tenant_id = " +
      IdOf(a_));
  EXPECT_EQ(copies_->Repair(absl::Now() + absl::Seconds(30)).value_or(-1), 1);
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}));
  EXPECT_EQ(copies_->Repair(absl::Now() + absl::Seconds(30)).value_or(-1), 0);
}

TEST_F(TenantMoverTest, AnErasedTenantsNamesAreGoneFromEveryDatabaseThatItWasEverIn) {
  MoveTo(a_, "second");
  MoveTo(a_, "main");
  MoveTo(b_, "second");
  for (const TenantId tenant : {a_, b_}) {
    ASSERT_OK(Registry().Close(Call(tenant), "they left"));
    ASSERT_OK(Registry().Erase(Call(tenant)));
    const std::string names =
        "SELECT slug || ' ' || display_name || ' ' || state || ' ' || (erased_at IS NOT NULL) "
        "FROM core.tenants WHERE tenant_id = " +
        IdOf(tenant);
    EXPECT_EQ(second_->database().QueryValue(names), test_->QueryValue(names));
    EXPECT_THAT(test_->QueryValue(names), MatchesRegex("-[0-9a-f]+  closed true"));
  }
}

TEST_F(TenantMoverTest, NobodyIsHeldUpForEventsThatNobodyTakes) {
  ASSERT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}));
  test_->Execute("UPDATE tenant_data.outbox SET created_at = now() - interval '1 minute'");
  carries_out_ = false;
  bool held = false;
  const Move move = Start(a_, "second");
  const auto worked = NewMover([&](std::string_view point) {
                        held = held || point == "held";
                        return absl::OkStatus();
                      })->RunOnce();
  EXPECT_EQ(ReasonOf(worked.status()), "EVENTS_NOT_CARRIED_OUT");
  EXPECT_FALSE(held);
  EXPECT_EQ(Current(move).problem, "EVENTS_NOT_CARRIED_OUT");
  EXPECT_OK(Create(a_, {{"alpha_2", "FR"}, {"name", "n"}}));
  carries_out_ = true;
  second_->CarryOut();
  RunAll(*NewMover());
  EXPECT_EQ(Current(move).step, MoveStep::kDone);
}

TEST_F(TenantMoverTest, OneMoveOfATenantAtATime) {
  Start(a_, "second");
  EXPECT_EQ(ReasonOf(placements_->Start(Call(a_), "second").status()), "MOVE_IN_PROGRESS");
  EXPECT_EQ(ReasonOf(placements_->Start(Call(b_), "main").status()), "RECORDS_ARE_THERE");
  EXPECT_EQ(placements_->Start(Call(b_), "third").status().code(),
            absl::StatusCode::kInvalidArgument);
  Start(b_, "second");
  RunAll(*NewMover());
  EXPECT_EQ(Place(a_), "second");
  EXPECT_EQ(Place(b_), "second");
}

}  // namespace
}  // namespace kasbah::tenantdata
