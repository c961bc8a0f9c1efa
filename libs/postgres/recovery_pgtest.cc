#include <atomic>
#include <functional>
#include <thread>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"
#include "libs/postgres/notes_fixture.h"

namespace kasbah::postgres {
namespace {

using testing::ReasonIs;
using testing::StatusIs;
using testing::TestDatabase;

constexpr char kSleepers[] =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kasbah_vault' AND state = 'active'";
constexpr char kConnections[] =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kasbah_vault'";
constexpr char kTerminate[] =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'kasbah_vault'";

// Backends that ran what they were sent and wait for more of the transaction.
constexpr char kDone[] =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kasbah_vault' AND state <> 'idle' AND "
    "wait_event = 'ClientRead'";
constexpr char kBackend[] =
    "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE usename = "
    "'kasbah_vault'";

// False when it does not hold within half a minute.
bool Eventually(const std::function<bool()>& holds) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (absl::Now() < deadline) {
    if (holds()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

class RecoveryTest : public NotesTest {
 protected:
  bool WaitForSleepers(const std::string& count) {
    return Eventually([&] { return test_->QueryValue(kSleepers) == count; });
  }
};

TEST_F(RecoveryTest, AStoppedServerIsUnavailableAndThenBackByItself) {
  const Uuid id = NewId();
  ASSERT_OK(Insert(a_, id, "x"));
  TestDatabase::StopServer();
  const absl::Status down = Get(a_, id).status();
  const absl::Status down_write = Insert(a_, NewId(), "y");
  const absl::Status ping = database_->Ping(absl::Now() + absl::Seconds(5));
  TestDatabase::StartServer();
  EXPECT_THAT(down, ReasonIs("DATABASE_UNAVAILABLE"));
  EXPECT_TRUE(DetailsOf(down).retry_delay.has_value());
  EXPECT_THAT(down_write, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(ping, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(Eventually([&] { return Get(a_, id).ok(); }));
  EXPECT_OK(database_->Ping(absl::Now() + absl::Seconds(5)));
}

TEST_F(RecoveryTest, ConnectionsClosedWhileIdleAreReplacedUnnoticed) {
  ASSERT_OK(Insert(a_, NewId(), "x"));
  test_->QueryValue(kTerminate);
  ASSERT_TRUE(Eventually([&] { return test_->QueryValue(kConnections) == "0"; }));
  EXPECT_OK(Insert(a_, NewId(), "y"));
}

TEST_F(RecoveryTest, AReadWhoseBackendIsTerminatedRunsAgain) {
  std::atomic<int> runs = 0;
  absl::Status status;
  std::thread caller([&] {
    status =
        database_
            ->WithTenant(Call(a_),
                         [&](Transaction& tx) { return tx.Run(kSleep, ++runs == 1 ? 60.0 : 0.0); })
            .status();
  });
  ASSERT_TRUE(WaitForSleepers("1"));
  test_->QueryValue(kTerminate);
  caller.join();
  EXPECT_OK(status);
  EXPECT_EQ(runs, 2);
}

TEST_F(RecoveryTest, AWriteThatWasSurelyRolledBackRunsAgainAndCommitsOnce) {
  std::atomic<int> runs = 0;
  absl::Status status;
  std::thread caller([&] {
    status = database_->WithTenant(Call(a_), [&](Transaction& tx) {
      tx.Run(kInsertNote, a_, NewId(), "x");
      tx.MarkAudited();
      // Sync is sent behind it; the server says that it ends before it reads that far.
      tx.Run(kSleep, ++runs == 1 ? 60.0 : 0.0);
      return absl::OkStatus();
    });
  });
  ASSERT_TRUE(WaitForSleepers("1"));
  test_->QueryValue(kTerminate);
  caller.join();
  EXPECT_OK(status);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "1");
}

TEST_F(RecoveryTest, AWriteThatLosesItsConnectionWithoutAWordIsUnknownAndNotRepeated) {
  std::atomic<int> runs = 0;
  absl::Status status;
  std::thread caller([&] {
    status = database_->WithTenant(Call(a_), [&](Transaction& tx) {
      ++runs;
      tx.Run(kInsertNote, a_, NewId(), "x");
      tx.MarkAudited();
      tx.Run(kSleep, 60.0);
      return absl::OkStatus();
    });
  });
  ASSERT_TRUE(WaitForSleepers("1"));
  TestDatabase::KillServer();
  caller.join();
  TestDatabase::StartServer();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnknown));
  EXPECT_THAT(status, ReasonIs("COMMIT_UNKNOWN"));
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(Eventually([&] { return Insert(a_, NewId(), "y").ok(); }));
}

TEST_F(RecoveryTest, AWriteLostBeforeItsCommitWasSentRunsAgain) {
  int runs = 0;
  EXPECT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, NewId(), "x");
    tx.MarkAudited();
    EXPECT_OK(tx.Run(kAllNotes).Await());
    if (++runs == 1) {
      test_->QueryValue(kTerminate);
      EXPECT_TRUE(Eventually([&] { return test_->QueryValue(kConnections) == "0"; }));
    }
    return absl::OkStatus();
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "1");
}

TEST_F(RecoveryTest, WhatIsStartedIsAtTheServerWhileTheBodyGoesOn) {
  const Uuid id = NewId();
  EXPECT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, id, "x");
    tx.MarkAudited();
    tx.Start();
    EXPECT_TRUE(Eventually([&] { return test_->QueryValue(kDone) == "1"; }));
    tx.Run(kInsertNote, a_, NewId(), "y");
    return absl::OkStatus();
  }));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "2");
  // What failed meanwhile is the transaction's answer, and no lost connection.
  const std::string backend = test_->QueryValue(kBackend);
  const absl::Status twice = database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, NewId(), "z");
    tx.Run(kInsertNote, a_, id, "x");
    tx.MarkAudited();
    tx.Start();
    EXPECT_TRUE(Eventually([&] { return test_->QueryValue(kDone) == "1"; }));
    return absl::OkStatus();
  });
  EXPECT_THAT(twice, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(test_->QueryValue(kBackend), backend);
  // The body's own mind counts for what was started too.
  EXPECT_THAT(database_->WithTenant(Call(a_),
                                    [&](Transaction& tx) {
                                      tx.Run(kInsertNote, a_, NewId(), "z");
                                      tx.MarkAudited();
                                      tx.Start();
                                      return Error(absl::StatusCode::kFailedPrecondition,
                                                   "CHANGED_MY_MIND", "no");
                                    }),
              ReasonIs("CHANGED_MY_MIND"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "2");
}

TEST_F(RecoveryTest, AWriteLostAfterItWasStartedRunsAgain) {
  int runs = 0;
  EXPECT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, NewId(), "x");
    tx.MarkAudited();
    tx.Start();
    if (++runs == 1) {
      test_->QueryValue(kTerminate);
      EXPECT_TRUE(Eventually([&] { return test_->QueryValue(kConnections) == "0"; }));
    }
    return absl::OkStatus();
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "1");
}

TEST_F(RecoveryTest, TheDeadlineEndsTheCallAndThenTheStatement) {
  const auto slept = database_->WithTenant(Call(a_, absl::Milliseconds(300)),
                                           [&](Transaction& tx) { return tx.Run(kSleep, 60.0); });
  EXPECT_THAT(slept, ReasonIs("DEADLINE_EXCEEDED"));
  EXPECT_TRUE(WaitForSleepers("0"));
  EXPECT_OK(Insert(a_, NewId(), "x"));
  EXPECT_THAT(Get(a_, NewId(), -absl::Seconds(1)), ReasonIs("DEADLINE_EXCEEDED"));
}

TEST_F(RecoveryTest, ABusyPoolRefusesAfterItsWait) {
  PoolOptions options = test_->Pool("kasbah_vault");
  options.size = 1;
  options.acquire_timeout = absl::Milliseconds(100);
  Open(options);
  absl::Notification held;
  absl::Notification release;
  std::thread holder([&] {
    EXPECT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
      held.Notify();
      release.WaitForNotification();
      return tx.Run(kAllNotes);
    }));
  });
  held.WaitForNotification();
  EXPECT_THAT(Get(a_, NewId()), ReasonIs("OVERLOADED"));
  EXPECT_THAT(Get(a_, NewId(), absl::Milliseconds(20)), ReasonIs("DEADLINE_EXCEEDED"));
  release.Notify();
  holder.join();
  EXPECT_THAT(Get(a_, NewId()), ReasonIs("NOT_FOUND"));
}

TEST_F(RecoveryTest, AServerWithoutAConnectionLeftIsUnavailable) {
  // The one that the pool holds already is allowed.
  test_->Execute("ALTER ROLE kasbah_vault CONNECTION LIMIT 1");
  absl::Status second;
  EXPECT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
    second = Get(a_, NewId()).status();
    return tx.Run(kAllNotes);
  }));
  test_->Execute("ALTER ROLE kasbah_vault CONNECTION LIMIT -1");
  EXPECT_THAT(second, ReasonIs("DATABASE_UNAVAILABLE"));
}

TEST_F(RecoveryTest, APlanOlderThanItsTableIsPreparedAgain) {
  constexpr Statement kEverything{"test.everything", "SELECT * FROM vault.notes"};
  const auto read = [&] {
    return database_->WithTenant(Call(a_), [&](Transaction& tx) { return tx.Run(kEverything); });
  };
  ASSERT_OK(Insert(a_, NewId(), "x"));
  EXPECT_OK(read());
  test_->Execute("ALTER TABLE vault.notes ADD COLUMN more bigint NOT NULL DEFAULT 7");
  ASSERT_OK_AND_ASSIGN(const Result rows, read());
  EXPECT_EQ(rows[0].Get<int64_t>(4), 7);
  EXPECT_OK(Insert(a_, NewId(), "y"));
}

TEST_F(RecoveryTest, ADeadlockRunsAgain) {
  constexpr Statement kLock{
      "test.lock",
      "SELECT body FROM vault.notes WHERE tenant_id = $1 AND note_id = $2 FOR "
      "UPDATE"};
  const Uuid one = NewId();
  const Uuid two = NewId();
  ASSERT_OK(Insert(a_, one, "1"));
  ASSERT_OK(Insert(a_, two, "2"));
  auto* const both = new absl::Barrier(2);
  std::atomic<int> runs = 0;
  const auto lock = [&](const Uuid& first, const Uuid& second) {
    bool met = false;
    return database_->WithTenant(Call(a_), [&](Transaction& tx) -> absl::Status {
      ++runs;
      const auto locked = tx.Run(kLock, a_, first).Await();
      if (!locked.ok()) return locked.status();
      if (!std::exchange(met, true) && both->Block()) delete both;
      return tx.Run(kLock, a_, second).Await().status();
    });
  };
  absl::Status other;
  std::thread thread([&] { other = lock(two, one); });
  EXPECT_OK(lock(one, two));
  thread.join();
  EXPECT_OK(other);
  EXPECT_EQ(runs, 3);
}

TEST_F(RecoveryTest, OpenWaitsForAServerThatIsDown) {
  TestDatabase::StopServer();
  absl::StatusOr<std::unique_ptr<Database>> opened = absl::UnknownError("");
  const PoolOptions options = test_->Pool("kasbah_vault");
  EXPECT_THAT(Database::Open(options, absl::Now() + absl::Milliseconds(600)),
              StatusIs(absl::StatusCode::kUnavailable));
  std::thread opener([&] { opened = Database::Open(options, absl::Now() + absl::Seconds(30)); });
  TestDatabase::StartServer();
  opener.join();
  EXPECT_OK(opened);
}

TEST_F(RecoveryTest, OpenRefusesARoleThatRowSecurityDoesNotBind) {
  const auto open = [&](const PoolOptions& options) {
    return Database::Open(options, absl::Now() + absl::Seconds(10)).status();
  };
  PoolOptions admin = test_->Pool("postgres");
  EXPECT_THAT(open(admin), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(open(test_->Pool("kasbah_migrator")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  test_->Execute("GRANT TRUNCATE ON vault.notes TO kasbah_vault");
  const absl::Status truncates = open(test_->Pool("kasbah_vault"));
  EXPECT_EQ(truncates.message(), "role kasbah_vault may TRUNCATE vault.notes");
  test_->Execute("REVOKE TRUNCATE ON vault.notes FROM kasbah_vault");
  EXPECT_OK(open(test_->Pool("kasbah_vault")));
}

}  // namespace
}  // namespace kasbah::postgres
