#include <gmock/gmock.h>

#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/base/strings.h"
#include "libs/postgres/core_migrations.h"
#include "libs/postgres/notes_fixture.h"
#include "libs/postgres/schema_wait.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

using testing::StatusIs;
using testing::TestDatabase;

std::vector<Migration> With(const std::vector<Migration>& more) {
  std::vector<Migration> all = migrations::core();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

class MigrationTest : public ::testing::Test {
 protected:
  void SetUp() override { test_ = TestDatabase::Create({}); }
  absl::StatusOr<MigrationReport> Run(const std::vector<Migration>& more) {
    return Migrate(test_->Pool("kasbah_migrator").dsn, With(more));
  }
  // Applied before any test.
  static int CoreFiles() { return static_cast<int>(With({}).size()); }
  std::unique_ptr<TestDatabase> test_;
};

TEST_F(MigrationTest, AppliesWhatIsMissingAndOnlyOnce) {
  ASSERT_OK_AND_ASSIGN(const MigrationReport first, Run(NotesMigrations()));
  EXPECT_EQ(first.applied, std::vector<std::string>{"vault/0001_notes"});
  EXPECT_EQ(first.already_applied, CoreFiles());
  ASSERT_OK_AND_ASSIGN(const MigrationReport second, Run(NotesMigrations()));
  EXPECT_TRUE(second.applied.empty());
  EXPECT_EQ(second.already_applied, CoreFiles() + 1);
  EXPECT_EQ(test_->QueryValue("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = "
                              "'vault.notes'::regclass"),
            "kasbah_owner");
}

TEST_F(MigrationTest, AChangedFileIsRefusedAndNothingElseApplied) {
  ASSERT_OK(Run(NotesMigrations()));
  std::vector<Migration> changed = NotesMigrations();
  changed[0].sql += " ";
  changed.push_back({"vault", "0002_more", "CREATE SCHEMA never_made"});
  const auto report = Run(changed);
  EXPECT_THAT(report, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(report.status().message().find("vault/0001_notes"), std::string::npos);
  EXPECT_EQ(test_->QueryValue("SELECT to_regnamespace('never_made')"), "");
}

TEST_F(MigrationTest, ATableInUseIsTriedForAgainAndReadMeanwhile) {
  ASSERT_OK(Run(NotesMigrations()));
  std::vector<Migration> more = NotesMigrations();
  more.push_back({"vault", "0002_more", "ALTER TABLE vault.notes ADD COLUMN more text"});
  pqxx::connection dump(test_->AdminDsn());
  pqxx::work reading(dump);
  reading.exec("SELECT count(*) FROM vault.notes");
  absl::Notification waited;
  const auto notify = [&] {
    if (!waited.HasBeenNotified()) waited.Notify();
  };
  absl::StatusOr<MigrationReport> report;
  std::thread migrator([&] {
    report = Migrate(test_->Pool("kasbah_migrator").dsn, With(more), [&](std::string_view what) {
      EXPECT_THAT(std::string(what), ::testing::HasSubstr("vault/0002_more"));
      notify();
    });
    // Whatever came of it.
    notify();
  });
  waited.WaitForNotification();
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "0");
  reading.commit();
  migrator.join();
  ASSERT_OK(report);
  EXPECT_EQ(report->applied, std::vector<std::string>{"vault/0002_more"});
}

TEST_F(MigrationTest, AnAppliedFileThatIsMissingHereIsRefused) {
  ASSERT_OK(Run(NotesMigrations()));
  EXPECT_THAT(Run({}), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(MigrationTest, AFileThatFailsLeavesNothingOfItself) {
  const auto report =
      Run({{"vault", "0001_half", "CREATE SCHEMA half_made; SELECT 1 / 0 AS canary"}});
  EXPECT_THAT(report, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(report.status().message().find("vault/0001_half"), std::string::npos);
  EXPECT_EQ(test_->QueryValue("SELECT to_regnamespace('half_made')"), "");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM core.migrations"), std::to_string(CoreFiles()));
}

TEST_F(MigrationTest, SeveralMigratorsAtOnceApplyEachFileOnce) {
  std::vector<absl::StatusOr<MigrationReport>> reports(4, absl::UnknownError(""));
  std::vector<std::thread> threads;
  for (auto& report : reports) {
    threads.emplace_back([&report, this] { report = Run(NotesMigrations()); });
  }
  for (auto& thread : threads) thread.join();
  size_t applied = 0;
  for (const auto& report : reports) {
    ASSERT_OK(report);
    applied += report->applied.size();
  }
  EXPECT_EQ(applied, 1u);
}

TEST_F(MigrationTest, TheCatalogGateStopsAFaultyMigration) {
  const auto report = Run({{"vault", "0001_open",
                            "CREATE SCHEMA vault; CREATE TABLE vault.open "
                            "(tenant_id uuid PRIMARY KEY)"}});
  EXPECT_THAT(report, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(report.status().message().find("vault.open: row-level security"), std::string::npos);
}

TEST_F(MigrationTest, BootstrapAgainChangesNothing) {
  const std::string database = test_->QueryValue("SELECT current_database()");
  EXPECT_OK(Bootstrap(test_->AdminDsn(), database, {{"kasbah_vault", "secret"}}));
  EXPECT_OK(Bootstrap(test_->AdminDsn(), database, {}));
  EXPECT_OK(Run({}));
  EXPECT_NE(test_->QueryValue("SELECT rolpassword FROM pg_authid WHERE rolname = 'kasbah_vault'")
                .find("SCRAM-SHA-256$"),
            std::string::npos);
}

TEST_F(MigrationTest, AServerThatIsAwayIsUnavailable) {
  EXPECT_THAT(Migrate("host=127.0.0.1 port=1 user=kasbah_migrator", {}),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(MigrationTest, WaitingEndsWhenTheLastMigrationIsApplied) {
  std::string said;
  absl::Notification waits;
  absl::Status waited;
  std::thread waiter([&] {
    waited = WaitForMigrations(test_->Pool("kasbah_vault"), With(NotesMigrations()),
                               absl::Minutes(1), [&](std::string_view what) {
                                 said += what;
                                 waits.Notify();
                               });
  });
  waits.WaitForNotification();
  EXPECT_OK(Run(NotesMigrations()));
  waiter.join();
  EXPECT_OK(waited);
  EXPECT_EQ(said, "vault/0001_notes");
  // More than it knows is no matter: that is what a rollback finds.
  EXPECT_OK(
      WaitForMigrations(test_->Pool("kasbah_vault"), With({}), absl::ZeroDuration(), nullptr));
}

TEST_F(MigrationTest, WaitingInVainNamesEverythingThatIsMissing) {
  std::vector<Migration> more = NotesMigrations();
  more.push_back({"vault", "0002_more", "SELECT 1"});
  const absl::Status waited =
      WaitForMigrations(test_->Pool("kasbah_vault"), With(more), absl::ZeroDuration(), nullptr);
  EXPECT_THAT(waited, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(waited.ToString(), ::testing::HasSubstr("vault/0001_notes, vault/0002_more"));
  test_->Execute("DROP SCHEMA core CASCADE");
  EXPECT_THAT(
      WaitForMigrations(test_->Pool("kasbah_vault"), With(more), absl::ZeroDuration(), nullptr)
          .ToString(),
      ::testing::HasSubstr("not applied: core/0001_core, "));
}

TEST_F(MigrationTest, WaitingSaysWhyTheDatabaseDoesNotTell) {
  PoolOptions away;
  away.dsn = "host=127.0.0.1 port=1 user=kasbah_vault";
  const absl::Status waited = WaitForMigrations(away, With({}), absl::ZeroDuration(), nullptr);
  EXPECT_THAT(waited, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(waited.ToString(), ::testing::HasSubstr("Connection refused"));
}

TEST_F(MigrationTest, NobodyWaitsForWhatTimeDoesNotBring) {
  ASSERT_OK(Run(NotesMigrations()));
  std::vector<Migration> changed = NotesMigrations();
  changed[0].sql += " ";
  const absl::Status waited = WaitForMigrations(test_->Pool("kasbah_vault"), With(changed),
                                                absl::InfiniteDuration(), nullptr);
  EXPECT_THAT(waited, testing::ReasonIs("MIGRATION_CHANGED"));
  PoolOptions malformed;
  malformed.dsn = "host=db.example.com user=kasbah_vault";
  EXPECT_THAT(WaitForMigrations(malformed, With({}), absl::InfiniteDuration(), nullptr),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace kasbah::postgres
