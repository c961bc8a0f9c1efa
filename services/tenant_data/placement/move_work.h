#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "services/tenant_data/placement/move_store.h"
#include "services/tenant_data/placement/row_comparer.h"
#include "services/tenant_data/placement/table_end.h"
#include "services/tenant_data/placement/tenant_copy_store.h"
#include "services/tenant_data/placement/tenant_mover.h"

namespace kasbah::tenantdata {

// Notes that are caught up with in one transaction.
inline constexpr int64_t kNotesAtOnce = 1000;
inline constexpr std::string_view kMoveTakenOver = "MOVE_TAKEN_OVER";
inline constexpr std::string_view kStopping = "STOPPING";
inline constexpr std::string_view kHoldTooShort = "HOLD_TOO_SHORT";

// What a move says of what keeps it from going on.
inline std::string ProblemOf(const absl::Status& failed) {
  return ReasonOf(failed).empty() ? "INTERNAL" : std::string(ReasonOf(failed));
}

inline absl::Status MoveTakenOver() {
  return Error(absl::StatusCode::kFailedPrecondition, kMoveTakenOver,
               "another worker has the move by now");
}

inline absl::Status EventsWait() {
  return Error(absl::StatusCode::kUnavailable, "EVENTS_NOT_CARRIED_OUT",
               "the tenant's events wait for their receivers");
}

// For one statement or a page of rows.
inline absl::Time StepDeadline() { return absl::Now() + absl::Seconds(30); }

struct TenantMover::Work {
  Move move;
  Shard* source = nullptr;
  Shard* target = nullptr;
  std::vector<MovableTable> tables;
  std::unique_ptr<RowMover> rows;
  std::unique_ptr<RowComparer> comparer;
  // Until this is over nobody takes the move for left alone; renewed by each save.
  absl::Duration lease;

  // What the move is between, from here on this worker's alone. SHARD_UNKNOWN.
  absl::Status Find(const Shards& shards, Uuid worker);

  // Where a walk over it that begins now is over.
  absl::StatusOr<TableEnd> EndOf(const MovableTable& table) const {
    return TableEnd::Find(*source->mover, move.tenant, table, StepDeadline());
  }

  // With what is noted, up to kNotesAtOnce.
  absl::StatusOr<RowMover::Caught> CatchUp(absl::Time deadline);

  using Saving = std::function<absl::Status()>;
  // Until nothing is left; saves after each part.
  absl::Status WipeTarget(int64_t rows_at_once, const Saving& save);
  absl::Status WipeSource(int64_t rows_at_once, const Saving& save);
};

}  // namespace kasbah::tenantdata
