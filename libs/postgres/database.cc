#include "libs/postgres/database.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/postgres/connect_settings.h"
#include "libs/postgres/lanes.h"
#include "libs/postgres/pool.h"

namespace kasbah::postgres {
namespace {

constexpr Statement kPing{"postgres.ping", "SELECT 1"};

}  // namespace

Database::Database(std::unique_ptr<internal::Pool> pool, std::unique_ptr<internal::Lanes> lanes)
    : pool_(std::move(pool)), lanes_(std::move(lanes)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const PoolOptions& options,
                                                         absl::Time deadline) {
  ASSIGN_OR_RETURN(auto pool, internal::Pool::Open(options, deadline));
  ASSIGN_OR_RETURN(internal::ConnectSettings settings, internal::ConnectSettings::Create(options));
  auto lanes = std::make_unique<internal::Lanes>(std::move(settings), options.lanes);
  return std::unique_ptr<Database>(new Database(std::move(pool), std::move(lanes)));
}

internal::Scope Database::ScopeOf(const CallContext& call, internal::EnterMode mode, bool audited) {
  internal::Scope scope;
  scope.mode = mode;
  scope.tenant = call.tenant;
  scope.customer = call.customer;
  scope.deadline = call.deadline;
  scope.audit_required = audited;
  return scope;
}

Database::Shared Database::NewShared(const internal::Scope& scope) {
  return {new internal::SharedTransaction(scope),
          [](internal::SharedTransaction* shared) { delete shared; }};
}

Transaction& Database::TransactionOf(internal::SharedTransaction& shared) { return shared; }

absl::Status Database::Run(const internal::Scope& scope, internal::Body body,
                           internal::After after) {
  if (placement_ == nullptr) return internal::RunTransaction(*pool_, scope, body, after);
  for (bool again = false;; again = true) {
    ASSIGN_OR_RETURN(Database* const place, placement_->Find(scope.tenant));
    internal::Pool& pool = place == nullptr ? *pool_ : *place->pool_;
    const absl::Status status = internal::RunTransaction(pool, scope, body, after);
    if (status.ok() || again || ReasonOf(status) != kTenantMoved) return status;
    RETURN_IF_ERROR(placement_->Refresh(scope.tenant, scope.deadline));
  }
}

void Database::Submit(Shared shared, absl::AnyInvocable<void(std::optional<absl::Status>)> done) {
  internal::Lanes* lanes = lanes_.get();
  if (placement_ != nullptr) {
    const absl::StatusOr<Database*> place = placement_->Find(shared->scope().tenant);
    // The ordinary way says why.
    if (!place.ok()) return done(std::nullopt);
    if (*place != nullptr) lanes = (*place)->lanes_.get();
    done = [done = std::move(done)](std::optional<absl::Status> outcome) mutable {
      // Nothing was committed, and the ordinary way asks where the rows are by now.
      if (outcome.has_value() && ReasonOf(*outcome) == kTenantMoved) outcome.reset();
      done(std::move(outcome));
    };
  }
  shared->set_done(std::move(done));
  lanes->Submit(std::unique_ptr<internal::SharedTransaction>(shared.release()));
}

absl::Status Database::Ping(absl::Time deadline) {
  internal::Scope scope;
  scope.mode = internal::EnterMode::kDoor;
  scope.deadline = deadline;
  return internal::RunTransaction(
      *pool_, scope,
      [](Transaction& tx) {
        tx.Run(kPing);
        return absl::OkStatus();
      },
      [] { return absl::OkStatus(); });
}

Door::Door(std::unique_ptr<internal::Pool> pool) : pool_(std::move(pool)) {}
Door::~Door() = default;

absl::StatusOr<std::unique_ptr<Door>> Door::Open(const PoolOptions& options, DoorToken,
                                                 absl::Time deadline) {
  ASSIGN_OR_RETURN(auto pool, internal::Pool::Open(options, deadline));
  return std::unique_ptr<Door>(new Door(std::move(pool)));
}

}  // namespace kasbah::postgres
