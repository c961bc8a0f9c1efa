#include "libs/postgres/pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/sql_error.h"
#include "libs/telemetry/log.h"

namespace kasbah::postgres::internal {
namespace {

// How long one failed connect speaks for all: a server that starts again is not met by every
// waiting call at once.
constexpr absl::Duration kGate = absl::Milliseconds(200);
constexpr absl::Duration kLogEvery = absl::Seconds(5);
constexpr absl::Duration kOpenRetry = absl::Milliseconds(250);

absl::Status Overloaded() {
  return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, reason::kOverloaded,
                              "too many calls wait for the database; try again"),
                        absl::Milliseconds(500));
}

}  // namespace

Pool::Pool(const PoolOptions& options, ConnectSettings settings)
    : options_(options),
      settings_(std::move(settings)),
      in_use_(telemetry::GetGauge("kasbah_postgres_connections_in_use",
                                  "Connections that a transaction holds.",
                                  {{"role", settings_.role()}})),
      waits_(telemetry::GetCounter("kasbah_postgres_pool_waits_total",
                                   "Calls that waited for a free connection.",
                                   {{"role", settings_.role()}})),
      refusals_(telemetry::GetCounter("kasbah_postgres_pool_refusals_total",
                                      "Calls that waited for a connection in vain.",
                                      {{"role", settings_.role()}})),
      connect_failures_(telemetry::GetCounter("kasbah_postgres_connect_failures_total",
                                              "Connections that could not be opened.",
                                              {{"role", settings_.role()}})) {}

Pool::~Pool() = default;

absl::StatusOr<std::unique_ptr<Pool>> Pool::Open(const PoolOptions& options, absl::Time deadline) {
  KASBAH_CHECK(options.size > 0);
  ASSIGN_OR_RETURN(ConnectSettings settings, ConnectSettings::Create(options));
  std::unique_ptr<Pool> pool(new Pool(options, std::move(settings)));
  for (;;) {
    auto connection = pool->Connect(deadline);
    absl::Status status = connection.status();
    if (connection.ok()) {
      auto faults = (*connection)->Faults();
      status = faults.status();
      if (faults.ok() && !faults->empty()) {
        return absl::FailedPreconditionError(absl::StrJoin(*faults, "; "));
      }
      if (faults.ok()) {
        RETURN_IF_ERROR((*connection)->StartPipeline());
        absl::MutexLock lock(&pool->mutex_);
        pool->idle_.push_back(*std::move(connection));
        pool->open_ = 1;
        return pool;
      }
    }
    if (!absl::IsUnavailable(status) || absl::Now() + kOpenRetry >= deadline) return status;
    absl::SleepFor(kOpenRetry);
  }
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Connect(absl::Time deadline) {
  std::string why;
  auto connection = Connection::Connect(settings_, deadline, &why);
  if (connection.ok()) return connection;
  connect_failures_.Add();
  const absl::Time now = absl::Now();
  bool log = false;
  {
    absl::MutexLock lock(&mutex_);
    // A caller that was short of time says nothing about the server.
    if (now < deadline) gate_ = now + kGate;
    if (now >= next_log_) {
      next_log_ = now + kLogEvery;
      log = true;
    }
  }
  if (log) {
    telemetry::LogWarning("waiting for PostgreSQL", {{"role", settings_.role()}, {"detail", why}});
  }
  return now < deadline ? connection.status() : DeadlineExceeded();
}

absl::StatusOr<Pool::Lease> Pool::Acquire(absl::Time deadline) {
  const absl::Time give_up = std::min(deadline, absl::Now() + options_.acquire_timeout);
  bool waited = false;
  absl::ReleasableMutexLock lock(&mutex_);
  for (;;) {
    while (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->IsIdle() && !connection->HasUnreadInput()) {
        ShowInUse();
        return Lease(this, std::move(connection));
      }
      --open_;
    }
    if (open_ < options_.size) break;
    if (!std::exchange(waited, true)) waits_.Add();
    if (freed_.WaitWithDeadline(&mutex_, give_up) && idle_.empty() && open_ >= options_.size) {
      refusals_.Add();
      // By which end was the nearer one: a wait may return a moment early.
      return give_up == deadline ? DeadlineExceeded() : Overloaded();
    }
  }
  if (absl::Now() >= deadline) return DeadlineExceeded();
  if (absl::Now() < gate_) return DatabaseUnavailable();
  ++open_;
  ShowInUse();
  lock.Release();

  auto connection = Connect(deadline);
  absl::Status status = connection.status();
  if (status.ok()) status = (*connection)->StartPipeline();
  if (status.ok()) return Lease(this, *std::move(connection));
  Forget();
  // Settings that went bad after the start, such as a password file that is gone.
  return absl::IsFailedPrecondition(status) ? DatabaseUnavailable() : status;
}

void Pool::Return(std::unique_ptr<Connection> connection) {
  if (!connection->IsIdle()) {
    connection.reset();
    Forget();
    return;
  }
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(connection));
  ShowInUse();
  freed_.Signal();
}

void Pool::Forget() {
  absl::MutexLock lock(&mutex_);
  --open_;
  ShowInUse();
  freed_.Signal();
}

void Pool::ShowInUse() { in_use_.Set(open_ - static_cast<double>(idle_.size())); }

}  // namespace kasbah::postgres::internal
