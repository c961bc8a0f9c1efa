#pragma once

#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
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
// Each is an implicit transaction of its own, scope first, Sync last. They commit asynchronously
// (synchronous_commit off); the lane ends a batch that wrote with a transaction of its own that
// commits synchronously, which flushes all that was logged before it, and nobody is told earlier
// that anything is committed. Every one waits for the slowest of its batch, so nothing that may
// wait for a lock belongs here; what does is handed back after 50 ms. Thread safe.
class Lane {
 public:
  explicit Lane(ConnectSettings settings);
  // What waits is handed back.
  ~Lane();

  // Hands it back at once, on this thread, when the server is away or too many wait.
  void Submit(std::unique_ptr<SharedTransaction> transaction);

 private:
  using Batch = std::vector<std::unique_ptr<SharedTransaction>>;
  // An answer that the server owes, and to whom; to nobody for the lane's own statements.
  struct Expected {
    enum class Kind { kStatement, kPrepare, kOther, kSync } kind;
    std::string name;
    std::optional<size_t> index;
    SharedTransaction* transaction = nullptr;
    bool answered = false;
  };

  void Loop();
  Batch TakeBatch(bool wait);
  bool Connect();
  void Disconnect();

  // Sends a batch; what may not be sent is finished and taken out.
  void Send(Batch* batch);
  void SendOne(SharedTransaction* transaction);
  // Statements of the lane's own, a transaction.
  void SendOwn(std::initializer_list<const char*> statements);
  void SendSync(SharedTransaction* transaction);
  void Expect(bool sent, Expected expected);

  void Read();
  bool AwaitAnswer(absl::Time deadline);
  void TakeAnswer(PGresult* answer);
  void TakeSync();
  void Fail(const PGresult* answer, const Expected& expected);
  void EndOfAnswer();

  // Whether the lane's own statements since the last Send were committed.
  bool OwnCommitted() const { return !lost_ && own_committed_ && !own_failed_; }
  static SharedTransaction::Outcome OutcomeOf(const SharedTransaction& transaction, bool flushed);

  const ConnectSettings settings_;
  telemetry::Counter& carried_;
  telemetry::Counter& handed_back_;

  // The thread's own.
  std::unique_ptr<Connection> connection_;
  std::deque<Expected> expected_;
  bool lost_ = false;
  bool stale_plans_ = false;
  bool own_committed_ = false;
  bool own_failed_ = false;

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
