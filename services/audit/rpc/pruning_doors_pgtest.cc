// What a service that was taken over can do with the roles that it has: the doors to pruning check
// for themselves.

#include <gtest/gtest.h>

#include "services/audit/rpc/retention_fixture.h"

namespace kasbah::audit {
namespace {

using postgres::Access;
using postgres::Statement;
using testing::ReasonIs;

constexpr Statement kDrop = {"doors.drop", "SELECT audit.drop_month($1::date)", Access::kWrite};
constexpr Statement kAdvance = {"doors.advance", "SELECT audit.advance_start($1, $2)",
                                Access::kWrite};
constexpr Statement kDelete = {"doors.delete", "SELECT audit.delete_pruned($1, 1000)",
                               Access::kWrite};
constexpr Statement kForge = {"doors.forge", R"sql(
  INSERT INTO audit.archive (tenant_id, first_seq, past_seq, month, first_at, last_at,
                             events_object, personal_object, written_at)
  VALUES ($1, 0, $2, '2020-01-01', now(), now(), $1, $1, now()))sql",
                              Access::kWrite};
constexpr Statement kForgeWithinGrants = {"doors.forge_within_grants", R"sql(
  INSERT INTO audit.archive (tenant_id, first_seq, past_seq, month, first_at, last_at,
                             events_object, personal_object)
  VALUES ($1, 0, $2, '2020-01-01', now(), now(), $1, $1))sql",
                                          Access::kWrite};
constexpr Statement kLower = {"doors.lower", R"sql(
  UPDATE audit.retention_state SET minimum_days = 30, default_days = 30)sql",
                              Access::kWrite};

class PruningDoorsTest : public RetentionTestBase {
 protected:
  template <typename... Args>
  absl::Status AsUpkeep(const Statement& statement, const Args&... args) {
    return upkeep_->Run(absl::Now() + absl::Seconds(20), [&](postgres::Transaction& tx) {
      tx.Run(statement, args...);
      return absl::OkStatus();
    });
  }
  absl::Status Drop(absl::Time time) { return AsUpkeep(kDrop, StrCat(MonthText(time), "-01")); }
};

TEST_F(PruningDoorsTest, AMonthThatNoBundleHasIsNotDropped) {
  LogOld(a_, 5);
  EXPECT_THAT(Drop(LongAgo()), ReasonIs("MONTH_NOT_ARCHIVED"));
  EXPECT_EQ(Count("event", a_), "5");
}

TEST_F(PruningDoorsTest, AMonthThatAnotherTenantKeepsIsNotDropped) {
  ASSERT_OK(SetDays(b_, 3000));
  LogOld(a_, 5);
  LogOld(b_, 5);
  ASSERT_OK(RunWorker());
  EXPECT_THAT(Drop(LongAgo()), ReasonIs("MONTH_NOT_ARCHIVED"));
  EXPECT_EQ(Count("event", b_), "5");
}

TEST_F(PruningDoorsTest, AMonthThatIsToComeIsNotDropped) {
  EXPECT_THAT(Drop(absl::Now()), ReasonIs("RETENTION_NOT_OVER"));
  EXPECT_THAT(Drop(absl::Now() + absl::Hours(24 * 60)), ReasonIs("RETENTION_NOT_OVER"));
  EXPECT_THAT(Drop(absl::Now() + absl::Hours(24 * 3650)), ReasonIs("MONTH_ABSENT"));
}

TEST_F(PruningDoorsTest, ALogsBeginningDoesNotMoveWithoutABundle) {
  LogOld(a_, 5);
  EXPECT_THAT(AsUpkeep(kAdvance, a_, 0), ReasonIs("NOT_ARCHIVED"));
  // Named is not written.
  ASSERT_OK(AsUpkeep(kForgeWithinGrants, a_, 5));
  EXPECT_THAT(AsUpkeep(kAdvance, a_, 0), ReasonIs("NOT_ARCHIVED"));
  EXPECT_EQ(FirstSequence(a_), "0");
}

TEST_F(PruningDoorsTest, AForgedBundleOfYoungEventsPrunesNothing) {
  Log(Repeat(a_, 5), DaysAgo(29));
  ASSERT_OK(AsUpkeep(kForge, a_, 5));
  ASSERT_OK(AsUpkeep(kLower));
  EXPECT_THAT(AsUpkeep(kAdvance, a_, 0), ReasonIs("RETENTION_NOT_OVER"));
  ASSERT_OK(AsUpkeep(kDelete, a_));
  EXPECT_EQ(Count("event", a_), "5");
}

TEST_F(PruningDoorsTest, AForgedBundleOfMoreThanThereIsPrunesNothing) {
  LogOld(a_, 5);
  ASSERT_OK(AsUpkeep(kForge, a_, 6));
  EXPECT_THAT(AsUpkeep(kAdvance, a_, 0), ReasonIs("EVENTS_MISSING"));
}

TEST_F(PruningDoorsTest, HeldEventsStayWhoeverCalls) {
  LogOld(a_, 5);
  ASSERT_OK(HoldActor(a_, "usr_ada"));
  auto worker = NewWorker();
  ASSERT_OK_AND_ASSIGN(const auto archive, worker->BeginBundle({a_, 5, 0, 400}));
  ASSERT_OK(worker->WriteBundle(*archive));
  ASSERT_OK(worker->AdvanceStart(*archive));
  ASSERT_OK(AsUpkeep(kDelete, a_));
  EXPECT_EQ(Count("event", a_), "5");
  ASSERT_OK(Drop(LongAgo()));
  EXPECT_EQ(Count("event", a_), "5");
  EXPECT_EQ(Count("leaf", a_), "5");
}

TEST_F(PruningDoorsTest, NoRoleOfTheServiceDropsDeletesOrMovesByItself) {
  LogOld(a_, 5);
  const std::string month = absl::FormatTime("%Y_%m", LongAgo(), absl::UTCTimeZone());
  const auto may = [&](const std::string& role, const std::string& verb, const std::string& table) {
    return test_->QueryValue(
        StrCat("SELECT has_table_privilege('", role, "', 'audit.", table, "', '", verb, "')"));
  };
  for (const std::string role : {"kasbah_audit", "kasbah_audit_ingest", "kasbah_audit_upkeep",
                                 "kasbah_audit_incidents", "kasbah_audit_relay"}) {
    for (const std::string& table : std::vector<std::string>{"event", "leaf", "tile", "log_head",
                                                             "event_" + month, "leaf_" + month}) {
      EXPECT_EQ(may(role, "DELETE, TRUNCATE", table), "f") << role << " " << table;
    }
    if (role == "kasbah_audit_upkeep") continue;
    for (const std::string door :
         {"advance_start(uuid,bigint)", "delete_pruned(uuid,integer)", "drop_month(date)"}) {
      EXPECT_EQ(test_->QueryValue(StrCat("SELECT has_function_privilege('", role, "', 'audit.",
                                         door, "', 'EXECUTE')")),
                "f")
          << role << " " << door;
    }
  }
  EXPECT_EQ(test_->QueryValue("SELECT has_column_privilege('kasbah_audit_upkeep', "
                              "'audit.log_head', 'min_index', 'UPDATE')"),
            "f");
  EXPECT_EQ(test_->QueryValue("SELECT has_column_privilege('kasbah_audit_upkeep', "
                              "'audit.hold', 'released_at', 'UPDATE')"),
            "f");
  // Owning is what dropping takes.
  static const Statement kDropTable = {"doors.drop_table", "DROP TABLE audit.event",
                                       Access::kWrite};
  EXPECT_FALSE(AsUpkeep(kDropTable).ok());
  EXPECT_EQ(Count("event", a_), "5");
}

}  // namespace
}  // namespace kasbah::audit
