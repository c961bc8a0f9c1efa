#include "services/tenant_data/placement/placements.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/placement/move_events.h"
#include "services/tenant_data/placement/move_store.h"
#include "services/tenant_data/placement/tenant_copy_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

constexpr absl::Duration kPatience = absl::Milliseconds(500);

bool IsOver(const Move& move) { return move.finished.has_value(); }

}  // namespace

absl::StatusOr<std::vector<Placements::ShardState>> Placements::ListShards(absl::Time deadline) {
  ASSIGN_OR_RETURN(const auto counts, shards_.home().mover->Run(deadline, [](Transaction& tx) {
    return PlacementStore::Count(tx);
  }));
  std::vector<ShardState> states;
  for (const auto& shard : shards_.all()) {
    ShardState state{shard->name};
    for (const auto& count : counts) {
      if (count.shard == shard->name) state.tenants = count.tenants;
    }
    state.answers =
        shard->database == nullptr || shard->database->Ping(absl::Now() + kPatience).ok();
    states.push_back(std::move(state));
  }
  return states;
}

absl::StatusOr<std::string> Placements::ShardOf(const CallContext& call) {
  return shards_.home().mover->Run(call.deadline,
                                   [&](Transaction& tx) -> absl::StatusOr<std::string> {
                                     const auto tenant = TenantCopyStore::Hold(tx, call.tenant);
                                     auto shard = PlacementStore::ShardOf(tx, call.tenant);
                                     RETURN_IF_ERROR(shard.Await().status());
                                     RETURN_IF_ERROR(tenant.Take().status());
                                     return shard.Take();
                                   });
}

absl::StatusOr<Move> Placements::Start(const CallContext& call, const std::string& target) {
  if (shards_.Find(target) == nullptr) {
    return InvalidField("target", "is none of the databases that there are");
  }
  Move move;
  move.started = clock_.Now();
  move.due = move.started;
  move.id = MoveId::New(move.started);
  move.tenant = call.tenant;
  move.target = target;
  const absl::Status started =
      shards_.home().mover->Run(call.deadline, [&](Transaction& tx) -> absl::Status {
        RETURN_IF_ERROR(TenantCopyStore::Hold(tx, call.tenant).Await().status());
        ASSIGN_OR_RETURN(move.source, PlacementStore::ShardOf(tx, call.tenant).Await());
        if (move.source == target) {
          return Error(absl::StatusCode::kFailedPrecondition, "RECORDS_ARE_THERE",
                       "the tenant's records are there already");
        }
        MoveStore::Insert(tx, move);
        return AppendMoveEvent(outbox_, tx, call, clock_, "start", move);
      });
  if (ReasonOf(started) == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kFailedPrecondition, "MOVE_IN_PROGRESS",
                 "another move of the tenant is not over, what it leaves behind included");
  }
  RETURN_IF_ERROR(started);
  return move;
}

absl::StatusOr<Move> Placements::Get(const CallContext& call, MoveId id) {
  return shards_.home().mover->Run(
      call.deadline, [&](Transaction& tx) { return MoveStore::Get(tx, call.tenant, id); });
}

absl::StatusOr<std::vector<Move>> Placements::List(const CallContext& call, MoveId before,
                                                   int64_t limit) {
  return shards_.home().mover->Run(call.deadline, [&](Transaction& tx) {
    return MoveStore::List(tx, call.tenant, before, limit);
  });
}

absl::StatusOr<Move> Placements::Cancel(const CallContext& call, MoveId id) {
  return shards_.home().mover->Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Move> {
    ASSIGN_OR_RETURN(const bool cancelled, MoveStore::Cancel(tx, call.tenant, id).Await());
    ASSIGN_OR_RETURN(const Move move, MoveStore::Get(tx, call.tenant, id).Await());
    if (cancelled) {
      RETURN_IF_ERROR(AppendMoveEvent(outbox_, tx, call, clock_, "request_cancel", move));
      return move;
    }
    if (move.step == MoveStep::kCancelling || (IsOver(move) && move.step != MoveStep::kDone)) {
      return move;
    }
    return Error(absl::StatusCode::kFailedPrecondition, "MOVE_PAST_SWITCH",
                 "the records are at the target by now; move them back instead");
  });
}

}  // namespace kasbah::tenantdata
