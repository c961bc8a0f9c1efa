#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "libs/postgres/notes_fixture.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

using testing::ReasonIs;
using testing::StatusIs;
using testing::TestDatabase;

constexpr Statement kLockNote{
    "test.lock_note",
    "SELECT body FROM vault.notes WHERE tenant_id = $1 AND note_id = $2 FOR SHARE"};
constexpr char kTerminate[] =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'kasbah_vault'";
constexpr char kConnections[] =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kasbah_vault'";

using Answer = std::optional<absl::StatusOr<std::string>>;

class LaneTest : public NotesTest {
 protected:
  // A shared transaction that writes a note with its event and reads it back.
  void Start(TenantId tenant, const Uuid& id, std::string_view body,
             std::function<void(Answer)> done, absl::Duration time = absl::Seconds(20)) {
    database_->WithTenantShared(
        Call(tenant, time),
        [&](Transaction& tx) {
          tx.Run(kInsertNote, tenant, id, body);
          tx.Run(kInsertEvent, tenant, Bytes{"event"});
          tx.MarkAudited();
          return tx.RunForOne(
              kGetNote, "note", [](Row row) { return row.Get<std::string>(0); }, tenant, id);
        },
        std::move(done));
  }

  // All notes that are seen, on the connection of those that write.
  void StartListing(TenantId tenant, std::function<void(Answer)> done) {
    database_->WithTenantShared(
        Call(tenant),
        [&](Transaction& tx) {
          tx.Run(kInsertEvent, tenant, Bytes{"event"});
          tx.MarkAudited();
          return tx.Run(kAllNotes).Map([](Result rows) {
            std::string bodies;
            for (Row row : rows) bodies += row.Get<std::string>(1);
            return bodies;
          });
        },
        std::move(done));
  }

  Answer Shared(const std::function<void(std::function<void(Answer)>)>& start) {
    Answer answer;
    absl::Notification answered;
    start([&](Answer given) {
      answer = std::move(given);
      answered.Notify();
    });
    answered.WaitForNotification();
    return answer;
  }
  Answer SharedInsert(TenantId tenant, const Uuid& id, std::string_view body,
                      absl::Duration time = absl::Seconds(20)) {
    return Shared([&](auto done) { Start(tenant, id, body, std::move(done), time); });
  }
  Answer SharedGet(TenantId tenant, const Uuid& id) {
    return Shared([&](auto done) {
      database_->WithTenantShared(
          Call(tenant),
          [&](Transaction& tx) {
            return tx.RunForOne(
                kGetNote, "note", [](Row row) { return row.Get<std::string>(0); }, tenant, id);
          },
          std::move(done));
    });
  }
  std::string Count() { return test_->QueryValue("SELECT count(*) FROM vault.notes"); }
  // Once a lane is handed something while its server is away, it hands back for a while.
  bool BackInTime() {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (absl::Now() < deadline) {
      const Answer answer = SharedInsert(a_, NewId(), "back");
      if (answer.has_value() && answer->ok()) return true;
    }
    return false;
  }
};

TEST_F(LaneTest, ManyAtOnceEachSeeTheirOwnTenantAlone) {
  constexpr int kCalls = 500;
  absl::BlockingCounter answered(kCalls);
  absl::Mutex mutex;
  std::vector<std::pair<std::string, Answer>> answers;
  for (int i = 0; i < kCalls; ++i) {
    const TenantId tenant = i % 2 == 0 ? a_ : b_;
    const std::string body = absl::StrCat(i % 2 == 0 ? "a" : "b", i);
    Start(tenant, NewId(), body, [&, body](Answer answer) {
      {
        absl::MutexLock lock(&mutex);
        answers.emplace_back(body, std::move(answer));
      }
      answered.DecrementCount();
    });
  }
  answered.Wait();
  for (const auto& [body, answer] : answers) {
    ASSERT_TRUE(answer.has_value());
    ASSERT_OK(answer->status());
    EXPECT_EQ(**answer, body);
  }
  EXPECT_EQ(Count(), "500");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes n JOIN core.tenants t "
                              "USING (tenant_id) WHERE left(n.body, 1) <> t.slug"),
            "0");
}

TEST_F(LaneTest, AForeignRowIsNotFound) {
  const Uuid id = NewId();
  ASSERT_OK(SharedInsert(a_, id, "mine")->status());
  EXPECT_THAT(SharedGet(b_, id)->status(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(**SharedGet(a_, id), "mine");
}

TEST_F(LaneTest, TheErrorOfOneIsNobodyElses) {
  const Uuid taken = NewId();
  ASSERT_OK(SharedInsert(a_, taken, "first")->status());
  constexpr int kCalls = 60;
  absl::BlockingCounter answered(kCalls);
  std::vector<Answer> answers(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    Start(a_, i % 3 == 0 ? taken : NewId(), "x", [&, i](Answer answer) {
      answers[static_cast<size_t>(i)] = std::move(answer);
      answered.DecrementCount();
    });
  }
  answered.Wait();
  for (int i = 0; i < kCalls; ++i) {
    const Answer& answer = answers[static_cast<size_t>(i)];
    ASSERT_TRUE(answer.has_value());
    if (i % 3 == 0) {
      EXPECT_THAT(answer->status(), StatusIs(absl::StatusCode::kAlreadyExists));
    } else {
      EXPECT_OK(answer->status());
    }
  }
  EXPECT_EQ(Count(), "41");
}

// What an error leaves behind on the connection, and what was sent behind it, is of other tenants.
TEST_F(LaneTest, AfterAnErrorTheNextSeesItsOwnTenantAlone) {
  const Uuid taken = NewId();
  ASSERT_OK(SharedInsert(a_, taken, "a")->status());
  ASSERT_OK(SharedInsert(b_, NewId(), "b")->status());
  constexpr int kCalls = 120;
  absl::BlockingCounter answered(kCalls);
  std::vector<Answer> answers(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    const auto done = [&, i](Answer answer) {
      answers[static_cast<size_t>(i)] = std::move(answer);
      answered.DecrementCount();
    };
    if (i % 2 == 0) {
      Start(a_, taken, "refused", done);
    } else {
      StartListing(i % 4 == 1 ? a_ : b_, done);
    }
  }
  answered.Wait();
  for (int i = 0; i < kCalls; ++i) {
    const Answer& answer = answers[static_cast<size_t>(i)];
    ASSERT_TRUE(answer.has_value());
    if (i % 2 == 0) {
      EXPECT_THAT(answer->status(), StatusIs(absl::StatusCode::kAlreadyExists));
    } else {
      ASSERT_OK(answer->status());
      EXPECT_EQ(**answer, i % 4 == 1 ? "a" : "b");
    }
  }
  EXPECT_EQ(Count(), "2");
}

// A write, so that it goes to the lane of those that failed.
TEST_F(LaneTest, WhatWasPassedOverIsCarriedOutOnce) {
  const Uuid taken = NewId();
  ASSERT_OK(SharedInsert(a_, taken, "first")->status());
  constexpr int kCalls = 200;
  absl::BlockingCounter answered(kCalls);
  std::vector<Uuid> ids(kCalls);
  std::vector<Answer> answers(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    ids[static_cast<size_t>(i)] = i % 10 == 0 ? taken : NewId();
    Start(a_, ids[static_cast<size_t>(i)], "x", [&, i](Answer answer) {
      answers[static_cast<size_t>(i)] = std::move(answer);
      answered.DecrementCount();
    });
  }
  answered.Wait();
  TestDatabase::KillServer();
  TestDatabase::StartServer();
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(answers[static_cast<size_t>(i)]->ok(), i % 10 != 0);
  }
  EXPECT_EQ(Count(), "181");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.outbox"), "181");
}

TEST_F(LaneTest, WhatIsAcknowledgedOutlivesAServerThatIsKilled) {
  constexpr int kCalls = 200;
  absl::BlockingCounter answered(kCalls);
  std::vector<Uuid> ids(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    ids[static_cast<size_t>(i)] = NewId();
    Start(a_, ids[static_cast<size_t>(i)], "x", [&](Answer answer) {
      EXPECT_TRUE(answer.has_value() && answer->ok());
      answered.DecrementCount();
    });
  }
  answered.Wait();
  TestDatabase::KillServer();
  TestDatabase::StartServer();
  EXPECT_EQ(Count(), "200");
}

// The last of a batch commits nothing; what others committed is on disk all the same.
TEST_F(LaneTest, AFailureAtTheEndOfABatchLosesNobodysCommit) {
  const Uuid taken = NewId();
  ASSERT_OK(SharedInsert(a_, taken, "first")->status());
  absl::BlockingCounter answered(2);
  Start(a_, NewId(), "kept", [&](Answer answer) {
    EXPECT_TRUE(answer.has_value() && answer->ok());
    answered.DecrementCount();
  });
  Start(a_, taken, "refused", [&](Answer answer) {
    EXPECT_THAT(answer->status(), StatusIs(absl::StatusCode::kAlreadyExists));
    answered.DecrementCount();
  });
  answered.Wait();
  TestDatabase::KillServer();
  TestDatabase::StartServer();
  EXPECT_EQ(Count(), "2");
}

TEST_F(LaneTest, AWriteWithoutItsEventIsNotSent) {
  const Answer answer = Shared([&](auto done) {
    database_->WithTenantShared(
        Call(a_), [&](Transaction& tx) { return tx.Run(kInsertNote, a_, NewId(), "x"); },
        [done](std::optional<absl::StatusOr<Result>> given) {
          done(absl::StatusOr<std::string>(given->status()));
        });
  });
  EXPECT_THAT(answer->status(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(Count(), "0");
}

TEST_F(LaneTest, WhatWouldWaitForALockIsHandedBackAndTheOthersGoOn) {
  const Uuid locked = NewId();
  ASSERT_OK(SharedInsert(a_, locked, "x")->status());
  pqxx::connection session(test_->AdminDsn());
  pqxx::work holding(session);
  holding.exec("SELECT FROM vault.notes WHERE body = 'x' FOR UPDATE");
  const Answer waiting = Shared([&](auto done) {
    database_->WithTenantShared(
        Call(a_),
        [&](Transaction& tx) {
          return tx.RunForOne(
              kLockNote, "note", [](Row row) { return row.Get<std::string>(0); }, a_, locked);
        },
        done);
  });
  EXPECT_FALSE(waiting.has_value());
  EXPECT_OK(SharedInsert(a_, NewId(), "y")->status());
}

// No read waits until a write is on disk.
TEST_F(LaneTest, ReadsAndWritesHaveAConnectionEach) {
  const Uuid id = NewId();
  const int before = std::stoi(test_->QueryValue(kConnections));
  ASSERT_OK(SharedInsert(a_, id, "x")->status());
  EXPECT_EQ(test_->QueryValue(kConnections), absl::StrCat(before + 1));
  ASSERT_OK(SharedGet(a_, id)->status());
  EXPECT_EQ(test_->QueryValue(kConnections), absl::StrCat(before + 2));
}

TEST_F(LaneTest, NothingIsAwaited) {
  const Answer answer = Shared([&](auto done) {
    database_->WithTenantShared(
        Call(a_),
        [&](Transaction& tx) -> absl::StatusOr<Pending<std::string>> {
          auto row = tx.Run(kAllNotes);
          if (auto read = row.Await(); !read.ok()) return read.status();
          return std::move(row).Map([](Result) { return std::string(); });
        },
        std::move(done));
  });
  EXPECT_THAT(answer->status(), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(LaneTest, ASuspendedTenantIsToldSo) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(SharedInsert(a_, NewId(), "x")->status(), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_OK(SharedInsert(b_, NewId(), "x")->status());
}

TEST_F(LaneTest, APassedDeadlineChangesNothing) {
  EXPECT_THAT(SharedInsert(a_, NewId(), "x", -absl::Seconds(1))->status(),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(Count(), "0");
}

TEST_F(LaneTest, WithoutAServerItIsHandedBackUntilThereIsOne) {
  ASSERT_OK(SharedInsert(a_, NewId(), "x")->status());
  TestDatabase::StopServer();
  const Answer first = SharedInsert(a_, NewId(), "y");
  const Answer second = SharedInsert(a_, NewId(), "z");
  TestDatabase::StartServer();
  EXPECT_FALSE(first.has_value());
  EXPECT_FALSE(second.has_value());
  EXPECT_EQ(Count(), "1");
  EXPECT_TRUE(BackInTime());
}

TEST_F(LaneTest, AConnectionThatWasClosedWhileIdleIsReplacedUnnoticed) {
  ASSERT_OK(SharedInsert(a_, NewId(), "x")->status());
  test_->QueryValue(kTerminate);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (test_->QueryValue(kConnections) != "0" && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_OK(SharedInsert(a_, NewId(), "y")->status());
}

TEST_F(LaneTest, OfCallsWhoseServerIsKilledNoneIsAcknowledgedAndLost) {
  constexpr int kCalls = 300;
  absl::BlockingCounter answered(kCalls);
  std::vector<Answer> answers(kCalls);
  std::vector<Uuid> ids(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    ids[static_cast<size_t>(i)] = NewId();
    Start(a_, ids[static_cast<size_t>(i)], "x", [&, i](Answer answer) {
      answers[static_cast<size_t>(i)] = std::move(answer);
      answered.DecrementCount();
    });
    if (i == kCalls / 2) TestDatabase::KillServer();
  }
  answered.Wait();
  TestDatabase::StartServer();
  for (int i = 0; i < kCalls; ++i) {
    const Answer& answer = answers[static_cast<size_t>(i)];
    const std::string found =
        test_->QueryValue(absl::StrCat("SELECT count(*) FROM vault.notes WHERE note_id = '",
                                       ids[static_cast<size_t>(i)].ToString(), "'"));
    if (!answer.has_value()) {
      EXPECT_EQ(found, "0");
    } else if (answer->ok()) {
      EXPECT_EQ(found, "1");
    } else {
      EXPECT_THAT(answer->status(), ReasonIs("COMMIT_UNKNOWN"));
    }
  }
}

// What a migration changes under a prepared statement.
TEST_F(LaneTest, AStalePlanIsHandedBackAndPreparedAnew) {
  const Uuid id = NewId();
  ASSERT_OK(SharedInsert(a_, id, "x")->status());
  ASSERT_OK(SharedGet(a_, id)->status());
  test_->Execute("ALTER TABLE vault.notes ALTER COLUMN body TYPE varchar");
  const Answer stale = SharedGet(a_, id);
  EXPECT_FALSE(stale.has_value());
  EXPECT_EQ(**SharedGet(a_, id), "x");
}

TEST_F(LaneTest, WithoutLanesEverythingIsHandedBack) {
  PoolOptions options = test_->Pool("kasbah_vault");
  options.lanes = 0;
  Open(options);
  EXPECT_FALSE(SharedInsert(a_, NewId(), "x").has_value());
  EXPECT_EQ(Count(), "0");
}

}  // namespace
}  // namespace kasbah::postgres
