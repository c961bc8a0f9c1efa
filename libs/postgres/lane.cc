#include "libs/postgres/lane.h"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/time/clock.h"

namespace kasbah::postgres::internal {
namespace {

// Beyond it the pool's way is no slower, and refuses in its own words.
constexpr size_t kMostWaiting = 1024;
// Nothing here should wait for a lock; what does after all, on a table that is being altered or a
// tenant that is being moved, is handed back before the others wait long.
constexpr char kLockTimeout[] = "SET lock_timeout = '50ms'";
constexpr char kLockNotAvailable[] = "55P03";
constexpr absl::Duration kGate = absl::Milliseconds(500);
constexpr absl::Duration kConnectTime = absl::Seconds(5);

}  // namespace

Lane::Lane(ConnectSettings settings, size_t largest_batch)
    : settings_(std::move(settings)),
      largest_batch_(largest_batch),
      carried_(telemetry::GetCounter("kasbah_postgres_lane_transactions_total",
                                     "Transactions that went over a shared connection.",
                                     {{"role", settings_.role()}})),
      handed_back_(telemetry::GetCounter("kasbah_postgres_lane_handed_back_total",
                                         "Transactions that a shared connection did not take.",
                                         {{"role", settings_.role()}})),
      thread_([this] { Loop(); }) {
  pthread_setname_np(thread_.native_handle(), "postgres-lane");
}

Lane::~Lane() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.Signal();
  }
  thread_.join();
}

void Lane::Submit(std::unique_ptr<SharedTransaction> transaction) {
  {
    absl::MutexLock lock(&mutex_);
    const bool closed = gate_ != absl::InfinitePast() && absl::Now() < gate_;
    if (!stopping_ && !closed && waiting_.size() < kMostWaiting) {
      waiting_.push_back(std::move(transaction));
      if (sleeping_) work_.Signal();
      return;
    }
  }
  handed_back_.Add();
  transaction->Finish(std::nullopt);
}

Lane::Batch Lane::TakeBatch(bool wait) {
  absl::MutexLock lock(&mutex_);
  sleeping_ = true;
  while (wait && waiting_.empty() && !stopping_) work_.Wait(&mutex_);
  sleeping_ = false;
  Batch batch;
  while (!waiting_.empty() && batch.size() < largest_batch_) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void Lane::SendAgain(Batch* batch) {
  const auto began = [](const auto& transaction) { return !transaction->passed_over(); };
  const auto first = std::stable_partition(batch->begin(), batch->end(), began);
  if (first == batch->end()) return;
  absl::MutexLock lock(&mutex_);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(first),
                  std::make_move_iterator(batch->end()));
  batch->erase(first, batch->end());
}

void Lane::Loop() {
  // Carried out and not yet told: their callers are told while the server works on the next ones.
  Batch carried;
  bool flushed = false;
  const auto tell = [&] {
    for (const auto& transaction : carried) transaction->Finish(OutcomeOf(*transaction, flushed));
    carried.clear();
  };
  for (;;) {
    Batch batch = TakeBatch(/*wait=*/carried.empty());
    if (batch.empty()) {
      if (carried.empty()) return Disconnect();
      tell();
      continue;
    }
    if (!Connect()) {
      tell();
      handed_back_.Add(batch.size());
      for (const auto& transaction : batch) transaction->Finish(std::nullopt);
      continue;
    }
    Send(&batch);
    tell();
    Read();
    Settle(batch);
    flushed = flushed_;
    if (!lost_) SendAgain(&batch);
    carried_.Add(batch.size());
    carried = std::move(batch);
    if (lost_) {
      tell();
      Disconnect();
    }
  }
}

bool Lane::Connect() {
  // What an idle server says is that it ends the connection.
  if (connection_ != nullptr && (!connection_->IsIdle() || connection_->HasUnreadInput())) {
    Disconnect();
  }
  if (connection_ != nullptr) return true;
  std::string why;
  auto connection = Connection::Connect(settings_, absl::Now() + kConnectTime, &why);
  if (connection.ok() && (*connection)->StartPipeline().ok()) {
    connection_ = *std::move(connection);
    lost_ = broken_off_ = own_failed_ = false;
    SendOwn({"SET synchronous_commit = off", kLockTimeout});
    Read();
    if (!lost_ && !own_failed_) return true;
    Disconnect();
  }
  // The pool says so in the log.
  absl::MutexLock lock(&mutex_);
  gate_ = absl::Now() + kGate;
  return false;
}

void Lane::Disconnect() {
  connection_.reset();
  expected_.clear();
}

SharedTransaction::Outcome Lane::OutcomeOf(const SharedTransaction& transaction, bool flushed) {
  if (transaction.committed()) {
    return flushed || !transaction.writes() ? absl::OkStatus() : CommitUnknown();
  }
  if (transaction.rolled_back()) {
    const SqlError& error = *transaction.error();
    const bool may_wait = error.sqlstate == kLockNotAvailable;
    if (error.remedy == Remedy::kNone && !may_wait) return error.status;
    return std::nullopt;
  }
  if (transaction.sent() && transaction.writes() && !transaction.passed_over())
    return CommitUnknown();
  return std::nullopt;
}

}  // namespace kasbah::postgres::internal
