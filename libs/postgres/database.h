#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/call_context.h"
#include "libs/postgres/door_token.h"
#include "libs/postgres/transaction.h"

namespace kasbah::postgres {

struct PoolOptions {
  // libpq connection string or URI, with the role's name. Off loopback and Unix sockets it must say
  // sslmode=verify-full.
  std::string dsn;
  // File with the role's password; empty: the DSN has it or none is needed.
  std::string password_file;
  // Connections at the most; opened when needed.
  int size = 8;
  // How long a caller waits for one at the most, within its own deadline.
  absl::Duration acquire_timeout = absl::Seconds(2);
  absl::Duration connect_timeout = absl::Seconds(5);
  // Shown in pg_stat_activity: "kasbah-vault".
  std::string application_name;
  // Shared connections of WithTenantShared, for reads and as many for writes, beside those of
  // `size`; 0: none, everything goes by the pool. One serves some ten thousand calls a second.
  int lanes = 1;
};

namespace internal {

class Lanes;
class Pool;
class SharedTransaction;

enum class EnterMode { kActive, kAnyState, kDoor };

struct Scope {
  EnterMode mode = EnterMode::kActive;
  TenantId tenant;
  std::optional<CustomerId> customer;
  absl::Time deadline = absl::InfiniteFuture();
  bool audit_required = true;
};

// What a body may return, and the absl::StatusOr that its caller gets: Pending<T> and
// StatusOr<Pending<T>> give StatusOr<T>; StatusOr<T> itself; Status a Status.
template <typename R>
struct BodyTraits;
template <typename T>
struct BodyTraits<Pending<T>> {
  using Return = absl::StatusOr<T>;
};
template <typename T>
struct BodyTraits<absl::StatusOr<Pending<T>>> {
  using Return = absl::StatusOr<T>;
};
template <typename T>
struct BodyTraits<absl::StatusOr<T>> {
  using Return = absl::StatusOr<T>;
};
template <>
struct BodyTraits<absl::Status> {
  using Return = absl::Status;
};

using Body = absl::FunctionRef<absl::Status(Transaction&)>;
using After = absl::FunctionRef<absl::Status()>;

// Runs `body` in a transaction in `scope`, commits, then runs `after` while its results are at
// hand. Retries serialisation failures, deadlocks, stale plans, and reads whose connection was
// lost.
absl::Status RunTransaction(Pool& pool, const Scope& scope, Body body, After after);

// `run` is RunTransaction with all but the last two given.
template <typename Run, typename F>
auto RunBody(Run&& run, F&& body) {
  using R = std::invoke_result_t<F, Transaction&>;
  using Return = typename BodyTraits<R>::Return;
  if constexpr (std::is_same_v<R, absl::Status>) {
    return run([&](Transaction& tx) { return body(tx); }, [] { return absl::OkStatus(); });
  } else {
    std::optional<R> returned;
    std::optional<Return> value;
    absl::Status status = run(
        [&](Transaction& tx) -> absl::Status {
          returned.emplace(body(tx));
          if constexpr (std::is_same_v<R, Return> ||
                        std::is_same_v<R, absl::StatusOr<Pending<typename Return::value_type>>>) {
            return returned->status();
          } else {
            return absl::OkStatus();
          }
        },
        [&]() -> absl::Status {
          if constexpr (std::is_same_v<R, Return>) {
            value.emplace(*std::move(returned));
          } else if constexpr (std::is_same_v<
                                   R, absl::StatusOr<Pending<typename Return::value_type>>>) {
            value.emplace((*returned)->Take());
          } else {
            value.emplace(returned->Take());
          }
          return value->status();
        });
    if (!status.ok()) return Return(status);
    return *std::move(value);
  }
}

}  // namespace internal

class Database;

// The tenant's rows are in another database by now: nothing was done, and the way there is asked
// for again (Placement).
inline constexpr std::string_view kTenantMoved = "TENANT_MOVED";
// They can be read and not changed, for seconds.
inline constexpr std::string_view kTenantMoving = "TENANT_MOVING";

// Which of several databases has a tenant's rows. Every transaction of Database is led by it, so
// nothing else need know. It may be wrong: a database that does not have the rows refuses the
// tenant. Thread safe.
class Placement {
 public:
  virtual ~Placement() = default;
  // Null: the database that asks. As far as it is known; never waits.
  virtual absl::StatusOr<Database*> Find(TenantId tenant) = 0;
  // Was refused where Find said: looks where they are now.
  virtual absl::Status Refresh(TenantId tenant, absl::Time deadline) = 0;
};

// The door to tenant rows: a pool of connections of one service's role. Thread safe.
//
// Errors: UNAVAILABLE, DATABASE_UNAVAILABLE, when PostgreSQL cannot be reached (it reconnects by
// itself) or has no connection left; RESOURCE_EXHAUSTED, OVERLOADED, when the pool is busy past
// the wait; DEADLINE_EXCEEDED; UNKNOWN, COMMIT_UNKNOWN, when the connection was lost or the
// deadline passed after a write was sent to be committed; ABORTED, CONTENTION, when others kept
// changing the same rows; PERMISSION_DENIED, TENANT_SUSPENDED or TENANT_CLOSED; UNAVAILABLE,
// TENANT_MOVING or TENANT_MOVED, with a time to wait; NOT_FOUND for a tenant that does not exist;
// ALREADY_EXISTS for a unique violation; FAILED_PRECONDITION, REFERENCE_MISSING, for a foreign
// key's; INVALID_ARGUMENT, INVALID_TEXT, for text with U+0000; and what core.require raised.
class Database {
 public:
  // Connects, and refuses a server older than 15.14, a role that owns anything or may bypass
  // row-level security, and plaintext off loopback. A server that cannot be reached is waited for,
  // with a line in the log, until `deadline`.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const PoolOptions& options,
                                                        absl::Time deadline);
  ~Database();

  // Before the first transaction; outlives this.
  void PlaceBy(Placement* placement) { placement_ = placement; }

  // Runs `body` with the rows of the call's tenant (and customer) and no others. `body` takes a
  // Transaction& and returns a Pending<T>, absl::StatusOr<Pending<T>>, absl::StatusOr<T> or
  // absl::Status; an error it returns rolls back. Refuses to commit writes without an audit event.
  template <typename F>
  auto WithTenant(const CallContext& call, F&& body) {
    return RunIn(ScopeOf(call, internal::EnterMode::kActive, true), body);
  }

  // For lifecycle, denial events and erasure only: the tenant may be suspended.
  template <typename F>
  auto WithTenantInAnyState(const CallContext& call, AnyStateToken, F&& body) {
    return RunIn(ScopeOf(call, internal::EnterMode::kAnyState, true), body);
  }

  // For writes that are bookkeeping of ours and no business of the tenant's trail.
  template <typename F>
  auto WithTenantUnaudited(const CallContext& call, UnauditedToken, F&& body) {
    return RunIn(ScopeOf(call, internal::EnterMode::kActive, false), body);
  }

  // The same for calls too short to wait for a thread each: `body` runs at once and queues
  // statements, none of which it awaits and none of which may wait for a lock; they travel with
  // other callers' on one connection. It returns a Pending<T> or absl::StatusOr<Pending<T>>.
  //
  // `done` takes a std::optional<absl::StatusOr<T>>, on a thread of the database's that it must not
  // block, or at once. It is empty where this way is not open (the server away or busy, a plan that
  // is stale, a conflict): nothing was committed then, and WithTenant does the same.
  template <typename F, typename D>
  void WithTenantShared(const CallContext& call, F&& body, D done) {
    using R = std::invoke_result_t<F, Transaction&>;
    using Return = typename internal::BodyTraits<R>::Return;
    auto shared = NewShared(ScopeOf(call, internal::EnterMode::kActive, true));
    absl::StatusOr<Pending<typename Return::value_type>> pending = body(TransactionOf(*shared));
    if (!pending.ok()) return done(std::optional<Return>(pending.status()));
    Submit(std::move(shared), [pending = *std::move(pending), done = std::move(done)](
                                  std::optional<absl::Status> outcome) mutable {
      if (!outcome.has_value()) return done(std::optional<Return>());
      if (!outcome->ok()) return done(std::optional<Return>(*std::move(outcome)));
      done(std::optional<Return>(pending.Take()));
    });
  }

  // UNAVAILABLE while PostgreSQL cannot be reached: for readiness.
  absl::Status Ping(absl::Time deadline);

 private:
  Database(std::unique_ptr<internal::Pool> pool, std::unique_ptr<internal::Lanes> lanes);
  static internal::Scope ScopeOf(const CallContext& call, internal::EnterMode mode, bool audited);

  template <typename F>
  auto RunIn(const internal::Scope& scope, F&& body) {
    return internal::RunBody(
        [&](internal::Body b, internal::After after) { return Run(scope, b, after); }, body);
  }
  // Where the tenant's rows are.
  absl::Status Run(const internal::Scope& scope, internal::Body body, internal::After after);

  using Shared =
      std::unique_ptr<internal::SharedTransaction, void (*)(internal::SharedTransaction*)>;
  static Shared NewShared(const internal::Scope& scope);
  static Transaction& TransactionOf(internal::SharedTransaction& shared);
  void Submit(Shared shared, absl::AnyInvocable<void(std::optional<absl::Status>)> done);

  std::unique_ptr<internal::Pool> pool_;
  std::unique_ptr<internal::Lanes> lanes_;
  Placement* placement_ = nullptr;
};

// A named way past the scope of one tenant: a login role of its own, with policies of its own on a
// listed few tables. Enters no tenant. Thread safe.
class Door {
 public:
  static absl::StatusOr<std::unique_ptr<Door>> Open(const PoolOptions& options, DoorToken token,
                                                    absl::Time deadline);
  ~Door();

  template <typename F>
  auto Run(absl::Time deadline, F&& body) {
    internal::Scope scope;
    scope.mode = internal::EnterMode::kDoor;
    scope.deadline = deadline;
    scope.audit_required = false;
    return internal::RunBody(
        [&](internal::Body b, internal::After after) {
          return internal::RunTransaction(*pool_, scope, b, after);
        },
        body);
  }

 private:
  explicit Door(std::unique_ptr<internal::Pool> pool);

  std::unique_ptr<internal::Pool> pool_;
};

}  // namespace kasbah::postgres
