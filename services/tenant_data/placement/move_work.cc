#include "services/tenant_data/placement/move_work.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/placement/leaving_gate.h"
#include "services/tenant_data/placement/move_events.h"
#include "services/tenant_data/placement/placement_store.h"

namespace kasbah::tenantdata {

using postgres::Transaction;
using Copies = TenantCopyStore;

absl::Status TenantMover::Work::Find(const Shards& shards, Uuid worker) {
  source = shards.Find(move.source);
  target = shards.Find(move.target);
  if (source == nullptr || target == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "SHARD_UNKNOWN",
                 "this process was not told of one of the databases");
  }
  for (Shard* const shard : {source, target}) {
    RETURN_IF_ERROR(shard->mover->Run(StepDeadline(), [&](Transaction& tx) -> absl::Status {
      Copies::TakeOver(tx, move.tenant, worker);
      return absl::OkStatus();
    }));
  }
  ASSIGN_OR_RETURN(tables, ReadMovableTables(*source->mover, StepDeadline()));
  rows = std::make_unique<RowMover>(*source->mover, *target->mover, move.tenant, worker, tables);
  comparer = std::make_unique<RowComparer>(*source->mover, *target->mover, move.tenant, tables);
  return absl::OkStatus();
}

absl::StatusOr<RowMover::Caught> TenantMover::Work::CatchUp(absl::Time deadline) {
  ASSIGN_OR_RETURN(const RowMover::Caught caught, rows->CatchUp(kNotesAtOnce, deadline));
  move.caught_up += caught.notes;
  move.compared += caught.rows;
  return caught;
}

absl::Status TenantMover::Work::WipeTarget(int64_t rows_at_once, const Saving& save) {
  for (;;) {
    ASSIGN_OR_RETURN(const int64_t gone, rows->WipeTarget(rows_at_once, StepDeadline()));
    if (gone == 0) return absl::OkStatus();
    RETURN_IF_ERROR(save());
  }
}

absl::Status TenantMover::Work::WipeSource(int64_t rows_at_once, const Saving& save) {
  for (;;) {
    ASSIGN_OR_RETURN(const int64_t gone, rows->WipeSource(rows_at_once, StepDeadline()));
    if (gone == 0) return absl::OkStatus();
    RETURN_IF_ERROR(save());
  }
}

absl::Status TenantMover::HoldAndSwitch(Work& work) {
  const absl::Time began = absl::Now();
  ASSIGN_OR_RETURN(const bool held, Place(*work.source->mover, work, {"leaving", "held"},
                                          Copies::kHeld, settings_.hold));
  if (!held) return MoveTakenOver();
  RETURN_IF_ERROR(Reached("held"));
  ++work.move.attempts;
  const absl::Status equal = WhileHeld(work, began + settings_.hold);
  work.move.held = absl::Now() - began;
  if (equal.ok()) return Switch(work);
  if (absl::IsCancelled(equal) || ReasonOf(equal) == kCopyDiffers) return equal;
  work.lease = settings_.lease;
  // Should this not come to pass, the hold ends by itself.
  Place(*work.source->mover, work, {"held"}, Copies::kLeaving).IgnoreError();
  if (ReasonOf(equal) == kStopping) return equal;
  work.move.problem =
      absl::IsDeadlineExceeded(equal) ? std::string(kHoldTooShort) : ProblemOf(equal);
  if (work.move.attempts >= settings_.most_attempts) return Save(work, MoveStep::kCancelling);
  work.move.due = clock_.Now() + absl::Seconds(1);
  return Save(work, MoveStep::kCatchUp);
}

absl::Status TenantMover::WhileHeld(Work& work, absl::Time until) {
  for (;;) {
    ASSIGN_OR_RETURN(const RowMover::Caught caught, work.CatchUp(until));
    if (caught.notes == 0) break;
  }
  // Whoever gets the tenant's events gets those from here before any from there.
  for (;;) {
    ASSIGN_OR_RETURN(const bool drained,
                     IsDrained(*work.source->mover, work.move.tenant, absl::ZeroDuration(), until));
    if (drained) break;
    if (absl::Now() + absl::Milliseconds(20) > until) return EventsWait();
    absl::SleepFor(absl::Milliseconds(20));
  }
  // All rows were compared before, and what changed since when it was brought over.
  RETURN_IF_ERROR(work.comparer->CompareCounts(until));
  RETURN_IF_ERROR(Reached("verified"));
  work.lease = settings_.lease_nowhere;
  RETURN_IF_ERROR(Save(work, MoveStep::kCatchUp));
  ASSIGN_OR_RETURN(const bool nowhere,
                   Place(*work.source->mover, work, {"held"}, Copies::kElsewhere));
  if (!nowhere) {
    return Error(absl::StatusCode::kDeadlineExceeded, kHoldTooShort,
                 "what was left to do took longer than writers may be held up");
  }
  return Reached("nowhere");
}

absl::Status TenantMover::PutCopy(Work& work) {
  // There the row is the original.
  if (work.target->name == kHomeShard) return absl::OkStatus();
  RETURN_IF_ERROR(shards_.home().mover->Run(StepDeadline(), [&](Transaction& home) -> absl::Status {
    ASSIGN_OR_RETURN(const Tenant tenant, Copies::Hold(home, work.move.tenant).Await());
    return work.target->mover->Run(StepDeadline(), [&](Transaction& tx) -> absl::Status {
      Copies::Put(tx, tenant);
      Copies::TakeOver(tx, tenant.id, worker_);
      return absl::OkStatus();
    });
  }));
  return Reached("copy put");
}

absl::Status TenantMover::DropNotes(Work& work) {
  RETURN_IF_ERROR(work.rows->DropNotes(StepDeadline()));
  return Reached("notes dropped");
}

absl::Status TenantMover::Follow(Work& work) {
  absl::Status followed;
  for (int attempt = 0; attempt < 50; ++attempt) {
    followed = FollowChanges(*work.source->mover, work.tables, StepDeadline());
    if (ReasonOf(followed) != "CONTENTION") break;
  }
  return followed;
}

absl::StatusOr<bool> TenantMover::Place(postgres::Door& door, Work& work,
                                        const std::vector<std::string>& expected,
                                        std::string_view place,
                                        std::optional<absl::Duration> hold) {
  absl::StatusOr<bool> placed = false;
  for (int attempt = 0; attempt < 50; ++attempt) {
    placed = door.Run(StepDeadline(), [&](Transaction& tx) {
      return Copies::Place(tx, work.move.tenant, worker_, expected, place, hold);
    });
    if (ReasonOf(placed.status()) != "CONTENTION") break;
  }
  return placed;
}

absl::Status TenantMover::Save(Work& work, MoveStep next) {
  const MoveStep before = work.move.step;
  Move saved = work.move;
  saved.step = next;
  RETURN_IF_ERROR(shards_.home().mover->Run(StepDeadline(), [&](Transaction& tx) -> absl::Status {
    MoveStore::Save(tx, saved, before, worker_, work.lease);
    return absl::OkStatus();
  }));
  work.move = std::move(saved);
  if (stopping_) return Error(absl::StatusCode::kUnavailable, kStopping, "this process ends");
  return before == next ? absl::OkStatus() : Reached("saved");
}

std::function<absl::Status()> TenantMover::SavingAt(Work& work, std::string_view point) {
  return [this, &work, point]() -> absl::Status {
    RETURN_IF_ERROR(Reached(point));
    return Save(work, work.move.step);
  };
}

absl::Status TenantMover::SaveWith(Work& work, MoveStep next, std::string_view verb) {
  const MoveStep before = work.move.step;
  Move saved = work.move;
  saved.step = next;
  const CallContext call =
      CallContext::ForBackground("service/tenant-data", saved.tenant, StepDeadline());
  RETURN_IF_ERROR(shards_.home().mover->Run(StepDeadline(), [&](Transaction& tx) -> absl::Status {
    MoveStore::Save(tx, saved, before, worker_, work.lease);
    if (next == MoveStep::kFinish) PlacementStore::Place(tx, saved.tenant, saved.target);
    return AppendMoveEvent(outbox_, tx, call, clock_, verb, saved);
  }));
  work.move = std::move(saved);
  return absl::OkStatus();
}

absl::Status TenantMover::Reached(std::string_view point) {
  return checkpoint_ ? checkpoint_(point) : absl::OkStatus();
}

}  // namespace kasbah::tenantdata
