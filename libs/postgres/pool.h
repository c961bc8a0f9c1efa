#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/postgres/connect_settings.h"
#include "libs/postgres/connection.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::postgres::internal {

// A bounded set of connections of one role, opened when needed. Thread safe.
class Pool {
 public:
  // Connects once and refuses what Connection::Faults finds; waits for a server that cannot be
  // reached until `deadline`, with a line in the log every few seconds.
  static absl::StatusOr<std::unique_ptr<Pool>> Open(const PoolOptions& options,
                                                    absl::Time deadline);
  ~Pool();

  // A connection of the pool's, back in it when destroyed if it is idle, closed if not.
  class Lease {
   public:
    Lease() = default;
    Lease(Pool* pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Lease() { Release(); }
    Lease(Lease&& other) noexcept { *this = std::move(other); }
    Lease& operator=(Lease&& other) noexcept {
      Release();
      pool_ = other.pool_;
      connection_ = std::move(other.connection_);
      return *this;
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    bool holds() const { return connection_ != nullptr; }
    void Release() {
      if (connection_ != nullptr) pool_->Return(std::move(connection_));
    }

   private:
    Pool* pool_ = nullptr;
    std::unique_ptr<Connection> connection_;
  };

  // RESOURCE_EXHAUSTED, OVERLOADED, when none becomes free in the pool's wait; DEADLINE_EXCEEDED;
  // UNAVAILABLE, DATABASE_UNAVAILABLE, when none can be opened.
  absl::StatusOr<Lease> Acquire(absl::Time deadline);

 private:
  Pool(const PoolOptions& options, ConnectSettings settings);

  absl::StatusOr<std::unique_ptr<Connection>> Connect(absl::Time deadline);
  void Return(std::unique_ptr<Connection> connection);
  void Forget();
  void ShowInUse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PoolOptions options_;
  const ConnectSettings settings_;
  telemetry::Gauge& in_use_;
  telemetry::Counter& waits_;
  telemetry::Counter& refusals_;
  telemetry::Counter& connect_failures_;

  absl::Mutex mutex_;
  absl::CondVar freed_;
  // Last used, last in: the rest may be closed by the server's idle limits.
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  // Idle, leased and being opened.
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  // After a connect that failed, nobody tries before this.
  absl::Time gate_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time next_log_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace kasbah::postgres::internal
