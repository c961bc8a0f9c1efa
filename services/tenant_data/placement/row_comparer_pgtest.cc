#include "services/tenant_data/placement/placement_fixture.h"

namespace kasbah::tenantdata {
namespace {

class ComparisonTest : public PlacementTest {
 protected:
  // A move that fails since the copy is not the same, and leaves the tenant where it was.
  void ExpectRefused(const std::string& wanted, const std::string& fault, bool before_the_hold) {
    SCOPED_TRACE(fault);
    const std::string rows = RowsOf(*test_, a_);
    bool spoilt = false;
    bool held = false;
    const Move move = Start(a_, "second");
    RunAll(*NewMover([&](std::string_view point) {
      held = held || point == "held";
      if (point != wanted || spoilt) return absl::OkStatus();
      if (point == "saved" && Current(move).step != MoveStep::kCatchUp) return absl::OkStatus();
      spoilt = true;
      second_->database().Execute(fault);
      return absl::OkStatus();
    }));
    EXPECT_TRUE(spoilt);
    EXPECT_EQ(held, !before_the_hold);
    EXPECT_EQ(Current(move).step, MoveStep::kFailed);
    EXPECT_EQ(Current(move).problem, "COPY_DIFFERS");
    EXPECT_EQ(Place(a_), "main");
    EXPECT_EQ(RowsOf(*test_, a_), rows);
    EXPECT_EQ(RowsOf(second_->database(), a_), "");
  }

  // Rows that a move of the tenant compares under its hold, where one record, if any, was changed
  // just before.
  int64_t ComparedUnderTheHold(TenantId tenant, std::optional<RecordId> changed) {
    int64_t before = -1;
    const Move move = Start(tenant, "second");
    RunAll(*NewMover([&](std::string_view point) {
      if (point == "caught up" && changed) {
        EXPECT_OK(SetNote(tenant, *changed, 1, "changed"));
        changed.reset();
      }
      if (point == "held") before = Current(move).compared;
      return absl::OkStatus();
    }));
    EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
    EXPECT_GT(before, 0);
    return Current(move).compared - before;
  }

  std::string RequestSql(const std::string& id) {
    return StrCat("INSERT INTO tenant_data.requests SELECT tenant_id, '", id,
                  "', NULL, '\\x00', '\\x01', now() FROM tenant_data.collections "
                  "WHERE tenant_id = ",
                  IdOf(a_));
  }
};

constexpr char kFirst[] = "(SELECT min(record_id::text)::uuid FROM tenant_data.records)";

TEST_F(ComparisonTest, ARowThatIsNotTheSameIsFoundBeforeAnybodyIsHeldUp) {
  Fill(a_, 3);
  ExpectRefused(
      "saved",
      StrCat("UPDATE tenant_data.record_history SET data = '{}' WHERE record_id = ", kFirst), true);
  ExpectRefused("saved",
                StrCat("DELETE FROM tenant_data.record_history WHERE record_id = ", kFirst), true);
  // One too many: before, between and after those that there are, and where there are none.
  for (const char* id :
       {"22222222-2222-2222-2222-222222222222", "66666666-6666-6666-6666-666666666666"}) {
    test_->Execute(RequestSql(id));
  }
  for (const char* id :
       {"00000000-0000-0000-0000-000000000000", "44444444-4444-4444-4444-444444444444",
        "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    ExpectRefused("saved", RequestSql(id), true);
  }
  ExpectRefused(
      "saved",
      StrCat("INSERT INTO tenant_data.erased_subjects SELECT ", IdOf(a_), ", sha256('\\x00')"),
      true);
  MoveTo(a_, "second");
}

TEST_F(ComparisonTest, ARowThatIsMissingIsFoundUnderTheHold) {
  Fill(a_, 3);
  ExpectRefused("held", StrCat("DELETE FROM tenant_data.record_history WHERE record_id = ", kFirst),
                false);
  EXPECT_OK(Create(a_, {{"alpha_2", "DE"}, {"name", "n"}}));
}

TEST_F(ComparisonTest, WhatTheTargetMadeOfAChangeIsReadBackUnderTheHold) {
  const auto id = Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  second_->database().Execute(
      "CREATE FUNCTION tenant_data.spoil() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN NEW.data := ''{}''; RETURN NEW; END'");
  bool changed = false;
  const Move move = Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) {
    if (point != "caught up" || changed) return absl::OkStatus();
    changed = true;
    second_->database().Execute(
        "CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON tenant_data.records "
        "FOR EACH ROW EXECUTE FUNCTION tenant_data.spoil()");
    EXPECT_OK(SetNote(a_, *id, 1, "changed"));
    return absl::OkStatus();
  }));
  EXPECT_TRUE(changed);
  EXPECT_EQ(Current(move).step, MoveStep::kFailed);
  EXPECT_EQ(Current(move).problem, "COPY_DIFFERS");
  EXPECT_EQ(Place(a_), "main");
  EXPECT_EQ(Get(Call(a_), *id)->version, 2u);
}

TEST_F(ComparisonTest, WhatIsWrittenWhileBothAreComparedIsNoFault) {
  Fill(a_, 5);
  int written = 0;
  std::string rows;
  const Move move = Start(a_, "second");
  RunAll(*NewMover([&](std::string_view point) {
    if (point == "compared" && written < 12) {
      // One that goes, one that comes; not without end, since each makes the next page one longer.
      const auto id = Create(a_, {{"alpha_2", StrCat("N", written)}, {"name", "new"}});
      EXPECT_OK(id);
      EXPECT_OK(SetNote(a_, *id, 1, "changed"));
      const auto doomed = Create(a_, {{"alpha_2", "doomed"}, {"name", "doomed"}});
      EXPECT_OK(doomed);
      EXPECT_OK(writer().Purge(Call(a_), *doomed, std::nullopt));
      ++written;
    }
    if (point == "held") rows = RowsOf(*test_, a_);
    return absl::OkStatus();
  }));
  EXPECT_GT(written, 5);
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_EQ(RowsOf(second_->database(), a_), rows);
}

TEST_F(ComparisonTest, TheHoldComparesWhatChangedAndNotTheTenant) {
  Fill(a_, 3);
  Fill(b_, 60);
  const auto of_a = Create(a_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  const auto of_b = Create(b_, {{"alpha_2", "DE"}, {"name", "Germany"}});
  const int64_t changed = ComparedUnderTheHold(a_, *of_a);
  EXPECT_GT(changed, 0);
  EXPECT_EQ(ComparedUnderTheHold(b_, *of_b), changed);
  MoveTo(b_, "main");
  EXPECT_EQ(ComparedUnderTheHold(b_, std::nullopt), 0);
}

TEST_F(ComparisonTest, EachRowIsComparedOnceThoughWorkersAreKilledOnTheWay) {
  Fill(a_, 3);
  const int64_t rows = std::stoll(test_->QueryValue(
      StrCat("SELECT sum(d.row_count) FROM pg_trigger g, LATERAL tenant_data.digest_of(g.tgrelid, ",
             IdOf(a_), ") d WHERE g.tgname = 'note_change'")));
  const Move move = Start(a_, "second");
  for (int worker = 0; worker < 3; ++worker) {
    int pages = 0;
    const auto crashed = NewMover([&](std::string_view point) {
                           if (point == "compared" && ++pages == 2) {
                             return absl::CancelledError("crashed");
                           }
                           return absl::OkStatus();
                         })->RunOnce();
    ASSERT_TRUE(absl::IsCancelled(crashed.status()));
    test_->Execute("UPDATE tenant_data.moves SET lease_until = '-infinity'");
  }
  RunAll(*NewMover());
  EXPECT_EQ(Current(move).step, MoveStep::kDone) << Current(move).problem;
  EXPECT_EQ(Current(move).compared, rows);
}

}  // namespace
}  // namespace kasbah::tenantdata
