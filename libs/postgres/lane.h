#pragma once

#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/postgres/connect_settings.h"
#include "libs/postgres/connection.h"
#include "libs/postgres/shared_transaction.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::postgres::internal {

// One connection and one thread that carry out the short transactions of many callers, as many at a
// time as wait: one send, one wait and, for all that write, one flush of the log to disk.
//
// Each is a transaction of its own: BEGIN, scope, statements, COMMIT. A batch ends in the only
// Sync, for libpq sends at each and the server answers at each, which costs both more than the
// rest. After an error the server passes over what is left of its batch: the lane ends that
// transaction and sends the others again, none of which began.
//
// They commit asynchronously (synchronous_commit off); a batch that wrote ends with statements of
// the lane's own that commit synchronously, which flushes all that was logged before them, and
// nobody is told earlier that anything is committed. Every one waits for the slowest of its batch,
// so nothing that may wait for a lock belongs here; what does is handed back after 50 ms. Thread
// safe.
class Lane {
 public:
  // More than `largest_batch` is not sent at once: those who came first wait for all of it.
  Lane(ConnectSettings settings, size_t largest_batch);
  // What waits is handed back.
  ~Lane();

  // Hands it back at once, on this thread, when the server is away or too many wait.
  void Submit(std::unique_ptr<SharedTransaction> transaction);

 private:
  using Batch = std::vector<std::unique_ptr<SharedTransaction>>;
  // An answer that the server owes, and to whom; to nobody for the lane's own statements.
  struct Expected {
    enum class Kind { kStatement, kPrepare, kCommit, kSync, kFlushed } kind;
    std::string_view name;
    std::optional<size_t> index;
    SharedTransaction* transaction = nullptr;
    bool answered = false;
  };

  void Loop();
  Batch TakeBatch(bool wait);
  // What of a batch did not begin waits again, before all others.
  void SendAgain(Batch* batch);
  bool Connect();
  void Disconnect();

  // Sends a batch; what may not be sent is finished and taken out.
  void Send(Batch* batch);
  void SendOne(SharedTransaction* transaction);
  // Statements of the lane's own and the Sync, which commits them.
  void SendOwn(std::initializer_list<const char*> statements,
               Expected::Kind sync = Expected::Kind::kSync);
  void SendFlush();
  void Expect(bool sent, Expected expected);

  void Read();
  // Ends the transaction that an error left open, and flushes what was committed before it.
  void Settle(const Batch& batch);
  bool AwaitAnswer();
  void TakeAnswer(PGresult* answer);
  void TakeCommit(PGresult* answer, const Expected& expected);
  void TakeSync();
  // What follows an error in its batch.
  void PassOver(const Expected& expected);
  void Fail(const PGresult* answer, const Expected& expected);
  void EndOfAnswer();

  static SharedTransaction::Outcome OutcomeOf(const SharedTransaction& transaction, bool flushed);

  const ConnectSettings settings_;
  const size_t largest_batch_;
  telemetry::Counter& carried_;
  telemetry::Counter& handed_back_;

  // The thread's own.
  std::unique_ptr<Connection> connection_;
  std::deque<Expected> expected_;
  bool lost_ = false;
  bool stale_plans_ = false;
  // An error ended a batch before its end.
  bool broken_off_ = false;
  // Statements of the lane's own since the last Send.
  bool own_failed_ = false;
  // What was committed before the last of them is on disk.
  bool flushed_ = false;

  absl::Mutex mutex_;
  absl::CondVar work_;
  std::deque<std::unique_ptr<SharedTransaction>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool sleeping_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // After a connect that failed, everything is handed back until then.
  absl::Time gate_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::thread thread_;
};

}  // namespace kasbah::postgres::internal
