#include "services/tenant_data/placement/tenant_mover.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"
#include "services/tenant_data/placement/leaving_gate.h"
#include "services/tenant_data/placement/move_events.h"
#include "services/tenant_data/placement/move_work.h"
#include "services/tenant_data/placement/placement_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;
using Copies = TenantCopyStore;

constexpr int64_t kWipeRows = 5000;
constexpr absl::Duration kPause = absl::Seconds(5);
// A round of catching up ends with what was noted when it began, and with so many parts at least.
// What the next finds is what was written meanwhile: it should be less than ever, and how often it
// may not be. The tenant is then written faster than that: the hold shows whether its seconds are
// enough.
constexpr int kPartsOfARound = 10;
constexpr int kRoundsInVain = 3;

bool IsOver(MoveStep step) {
  return step == MoveStep::kDone || step == MoveStep::kCancelled || step == MoveStep::kFailed;
}

}  // namespace

TenantMover::TenantMover(Shards& shards, ShardMap& map, outbox::Outbox& outbox, const Clock& clock,
                         MoveSettings settings, Checkpoint checkpoint)
    : shards_(shards),
      map_(map),
      outbox_(outbox),
      clock_(clock),
      settings_(settings),
      checkpoint_(std::move(checkpoint)),
      worker_(Uuid::V7(Clock::Real().Now())) {}

absl::StatusOr<bool> TenantMover::RunOnce() {
  ASSIGN_OR_RETURN(const std::optional<Move> claimed,
                   shards_.home().mover->Run(StepDeadline(), [&](Transaction& tx) {
                     return MoveStore::Claim(tx, worker_, settings_.lease);
                   }));
  if (!claimed) return false;
  Work work;
  work.move = *claimed;
  work.lease = settings_.lease;
  absl::Status done = work.Find(shards_, worker_);
  if (done.ok() && work.move.step == MoveStep::kFinish) {
    work.lease = settings_.lease_nowhere;
    done = Save(work, MoveStep::kFinish);
  }
  while (done.ok() && !IsOver(work.move.step) && work.move.due <= clock_.Now()) {
    done = Advance(work);
    if (ReasonOf(done) != kCopyDiffers) continue;
    // Trying again would not mend it.
    work.move.problem = kCopyDiffers;
    done = Save(work, MoveStep::kCancelling);
  }
  if (absl::IsCancelled(done)) return done;
  // Another has it, or it was cancelled: the next round sees which.
  if (ReasonOf(done) == kMoveTakenOver || ReasonOf(done) == kStopping) done = absl::OkStatus();
  if (!done.ok()) {
    work.move.problem = ProblemOf(done);
    work.move.due = clock_.Now() + kPause;
    Save(work, work.move.step).IgnoreError();
  }
  RETURN_IF_ERROR(shards_.home().mover->Run(StepDeadline(), [&](Transaction& tx) -> absl::Status {
    MoveStore::Release(tx, work.move.id, worker_);
    return absl::OkStatus();
  }));
  if (!done.ok()) return done;
  return true;
}

absl::Status TenantMover::Advance(Work& work) {
  switch (work.move.step) {
    case MoveStep::kPrepare:
      return Prepare(work);
    case MoveStep::kCopy:
      return Copy(work);
    case MoveStep::kCatchUp:
      return CatchUp(work);
    case MoveStep::kFinish:
      return Finish(work);
    case MoveStep::kClean:
      return Clean(work);
    case MoveStep::kCancelling:
      return Cancel(work);
    case MoveStep::kDone:
    case MoveStep::kCancelled:
    case MoveStep::kFailed:
      break;
  }
  Crash("a move that is over has no step", __FILE__, __LINE__);
}

absl::Status TenantMover::Prepare(Work& work) {
  RETURN_IF_ERROR(PutCopy(work));
  ASSIGN_OR_RETURN(const std::optional<std::string> there,
                   work.target->mover->Run(StepDeadline(), [&](Transaction& tx) {
                     return Copies::FindPlace(tx, work.move.tenant);
                   }));
  // Two databases would have the records.
  if (there != Copies::kElsewhere) {
    return Error(absl::StatusCode::kFailedPrecondition, "RECORDS_ARE_THERE",
                 "the target has the tenant's records already");
  }
  RETURN_IF_ERROR(work.WipeTarget(kWipeRows, SavingAt(work, "wiped there")));
  ASSIGN_OR_RETURN(const bool leaving,
                   Place(*work.source->mover, work, {"here", "leaving", "held"}, Copies::kLeaving));
  if (!leaving) return MoveTakenOver();
  RETURN_IF_ERROR(Reached("leaving"));
  RETURN_IF_ERROR(Follow(work));
  RETURN_IF_ERROR(AwaitTransactions(*work.source->mover, StepDeadline()));
  return Save(work, MoveStep::kCopy);
}

absl::Status TenantMover::Copy(Work& work) {
  bool reached = work.move.at_table.empty();
  for (const MovableTable& table : work.tables) {
    reached = reached || table.name == work.move.at_table;
    if (!reached) continue;
    if (work.move.at_table != table.name) work.move.at_key.clear();
    work.move.at_table = table.name;
    ASSIGN_OR_RETURN(const TableEnd end, work.EndOf(table));
    for (;;) {
      ASSIGN_OR_RETURN(const bool is_over, end.IsReached(work.move.at_key, StepDeadline()));
      if (is_over) break;
      const auto page = work.rows->CopyPage(table, work.move.at_key, StepDeadline());
      if (ReasonOf(page.status()) == "REFERENCE_MISSING") {
        // What it refers to came after its table was copied, and is noted.
        ASSIGN_OR_RETURN(const RowMover::Caught caught, work.CatchUp(StepDeadline()));
        if (caught.notes > 0) continue;
      }
      RETURN_IF_ERROR(page.status());
      if (page->rows == 0) break;
      work.move.copied += page->rows;
      work.move.at_key = page->last_key;
      RETURN_IF_ERROR(Save(work, MoveStep::kCopy));
      RETURN_IF_ERROR(Reached("page"));
    }
  }
  return Save(work, MoveStep::kCatchUp);
}

absl::Status TenantMover::CatchUp(Work& work) {
  ASSIGN_OR_RETURN(const std::optional<std::string> place,
                   work.source->mover->Run(StepDeadline(), [&](Transaction& tx) {
                     return Copies::FindPlace(tx, work.move.tenant);
                   }));
  // Ended between the last look and the switch.
  if (place == Copies::kElsewhere) return Switch(work);
  RETURN_IF_ERROR(CatchUpMost(work));
  if (!work.move.is_compared) {
    RETURN_IF_ERROR(Compare(work));
    RETURN_IF_ERROR(CatchUpMost(work));
  }
  // Nobody is held up for a receiver that is away.
  ASSIGN_OR_RETURN(const bool keeps_up, IsDrained(*work.source->mover, work.move.tenant,
                                                  absl::Seconds(3), StepDeadline()));
  if (!keeps_up) return EventsWait();
  RETURN_IF_ERROR(Reached("caught up"));
  return HoldAndSwitch(work);
}

absl::Status TenantMover::CatchUpMost(Work& work) {
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (int rounds_in_vain = 0; rounds_in_vain < kRoundsInVain;) {
    ASSIGN_OR_RETURN(const int64_t last, work.rows->LastNote(StepDeadline()));
    int64_t notes = 0;
    int64_t reached = 0;
    for (int part = 0; part < kPartsOfARound || reached < last; ++part) {
      ASSIGN_OR_RETURN(const RowMover::Caught caught, work.CatchUp(StepDeadline()));
      RETURN_IF_ERROR(Save(work, MoveStep::kCatchUp));
      RETURN_IF_ERROR(Reached("part"));
      if (caught.notes < kNotesAtOnce / 4) return absl::OkStatus();
      notes += caught.notes;
      reached = std::max(reached, caught.last_note);
    }
    rounds_in_vain = notes < fewest ? 0 : rounds_in_vain + 1;
    fewest = std::min(fewest, notes);
  }
  return absl::OkStatus();
}

absl::Status TenantMover::Compare(Work& work) {
  Move& move = work.move;
  bool reached = move.compared_table.empty();
  for (const MovableTable& table : work.tables) {
    reached = reached || table.name == move.compared_table;
    if (!reached) continue;
    if (move.compared_table != table.name) move.compared_key.clear();
    move.compared_table = table.name;
    ASSIGN_OR_RETURN(const TableEnd end, work.EndOf(table));
    for (;;) {
      ASSIGN_OR_RETURN(const RowComparer::Page page,
                       work.comparer->ComparePage(table, move.compared_key, end, StepDeadline()));
      if (page.rows == 0) break;
      move.compared += page.rows;
      move.compared_key = page.last_key;
      RETURN_IF_ERROR(page.is_behind ? CatchUpMost(work) : Save(work, MoveStep::kCatchUp));
      RETURN_IF_ERROR(Reached("compared"));
    }
  }
  move.is_compared = true;
  return Save(work, MoveStep::kCatchUp);
}

absl::Status TenantMover::Switch(Work& work) {
  work.lease = settings_.lease_nowhere;
  work.move.switched = clock_.Now();
  work.move.problem.clear();
  RETURN_IF_ERROR(SaveWith(work, MoveStep::kFinish, "switch"));
  return Reached("switched");
}

absl::Status TenantMover::Finish(Work& work) {
  // Its state may have changed after the copy was made.
  RETURN_IF_ERROR(PutCopy(work));
  ASSIGN_OR_RETURN(const bool here,
                   Place(*work.target->mover, work, {"elsewhere", "here"}, Copies::kHere));
  if (!here) return MoveTakenOver();
  RETURN_IF_ERROR(Reached("here"));
  if (const absl::Status known = map_.Refresh(work.move.tenant, StepDeadline()); !known.ok()) {
    telemetry::LogWarning("a tenant's new place is learned with its next call", {});
  }
  RETURN_IF_ERROR(Follow(work));
  work.lease = settings_.lease;
  work.move.due = clock_.Now() + settings_.clean_after;
  return Save(work, MoveStep::kClean);
}

absl::Status TenantMover::Clean(Work& work) {
  RETURN_IF_ERROR(work.WipeSource(kWipeRows, SavingAt(work, "wiped here")));
  RETURN_IF_ERROR(DropNotes(work));
  work.move.finished = clock_.Now();
  return Save(work, MoveStep::kDone);
}

absl::Status TenantMover::WipeCopy(Work& work) {
  ASSIGN_OR_RETURN(const std::optional<std::string> there,
                   work.target->mover->Run(StepDeadline(), [&](Transaction& tx) {
                     return Copies::FindPlace(tx, work.move.tenant);
                   }));
  // Cancelled before there was one.
  if (!there) return absl::OkStatus();
  return work.WipeTarget(kWipeRows, SavingAt(work, "wiped there"));
}

absl::Status TenantMover::Cancel(Work& work) {
  ASSIGN_OR_RETURN(const bool here, Place(*work.source->mover, work,
                                          {"here", "leaving", "held", "elsewhere"}, Copies::kHere));
  if (!here) return MoveTakenOver();
  RETURN_IF_ERROR(Reached("back"));
  RETURN_IF_ERROR(Follow(work));
  RETURN_IF_ERROR(DropNotes(work));
  // The tenant works again. A target that is away keeps what it has until the next move there.
  const absl::Status wiped = WipeCopy(work);
  if (!wiped.ok() && !absl::IsUnavailable(wiped)) return wiped;
  work.move.finished = clock_.Now();
  return SaveWith(work, work.move.problem.empty() ? MoveStep::kCancelled : MoveStep::kFailed,
                  work.move.problem.empty() ? "cancel" : "fail");
}

}  // namespace kasbah::tenantdata
