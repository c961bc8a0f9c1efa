#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "libs/postgres/lanes.h"
#include "libs/postgres/notes_fixture.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

using Answer = std::optional<absl::StatusOr<std::string>>;

// Those of one batch are answered when the next has been sent, not when it is through: a
// seventeenth read that waits for a lock is let go by the answer of the one before it. In a batch
// with it that would come too late, whatever the machine; on a slow one it may take some attempts.
TEST_F(NotesTest, ReadsGoSixteenAtATime) {
  constexpr Statement kAwaitLock{"test.await_lock",
                                 "SELECT pg_advisory_xact_lock_shared($1)::text"};
  constexpr char kWaiting[] =
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  pqxx::connection session(test_->AdminDsn());
  pqxx::nontransaction holding(session);
  const auto start_await = [&](int64_t lock, std::function<void(Answer)> done) {
    database_->WithTenantShared(
        Call(a_),
        [&](Transaction& tx) {
          return tx.RunForOne(
              kAwaitLock, "lock", [](Row row) { return row.Get<std::string>(0); }, lock);
        },
        std::move(done));
  };
  bool passed = false;
  for (int attempt = 0; attempt < 100 && !passed; ++attempt) {
    holding.exec("SELECT pg_advisory_lock(1), pg_advisory_lock(2)");
    absl::BlockingCounter answered(18);
    absl::Notification sixteenth;
    std::atomic<bool> first_is_through = false;
    // Holds the lane up until the others wait.
    start_await(1, [&](const Answer&) {
      first_is_through = true;
      answered.DecrementCount();
    });
    while (!first_is_through && test_->QueryValue(kWaiting) == "0") {
    }
    for (int i = 1; i <= 16; ++i) {
      database_->WithTenantShared(
          Call(a_),
          [&](Transaction& tx) {
            return tx.Run(kAllNotes).Map([](const Result&) { return std::string(); });
          },
          [&, i](const Answer&) {
            if (i == 16) sixteenth.Notify();
            answered.DecrementCount();
          });
    }
    start_await(2, [&](const Answer& answer) {
      passed = answer.has_value() && answer->ok();
      answered.DecrementCount();
    });
    holding.exec("SELECT pg_advisory_unlock(1)");
    sixteenth.WaitForNotification();
    holding.exec("SELECT pg_advisory_unlock(2)");
    answered.Wait();
  }
  EXPECT_TRUE(passed);
}

}  // namespace
}  // namespace kasbah::postgres
