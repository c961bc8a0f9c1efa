#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "services/tenant_data/placement/move.h"
#include "services/tenant_data/placement/row_mover.h"
#include "services/tenant_data/placement/shard_map.h"

namespace kasbah::tenantdata {

struct MoveSettings {
  // Writers are held up no longer at a time, whatever becomes of the worker.
  absl::Duration hold = absl::Seconds(10);
  // How often, before the move is given up.
  int64_t most_attempts = 5;
  // Of a worker that gives no sign of life; the other one while the tenant's records are nowhere
  // 'here', which takes a moment.
  absl::Duration lease = absl::Seconds(30);
  absl::Duration lease_nowhere = absl::Seconds(3);
  // How long rows stay where they were, after the switch.
  absl::Duration clean_after = absl::Minutes(10);
};

// Carries out moves (ARCHITECTURE.md, "Placement"): every step is noted in the move's row when it
// is done and can be done again when it is not, so whoever comes after a crash goes on where it
// ended. Thread safe.
class TenantMover {
 public:
  // Called after each commit that matters, with its name; an error ends the work there, lease held,
  // as a crash would. For tests.
  using Checkpoint = std::function<absl::Status(std::string_view)>;

  TenantMover(Shards& shards, ShardMap& map, outbox::Outbox& outbox, const Clock& clock,
              MoveSettings settings = {}, Checkpoint checkpoint = nullptr);

  // Works on one move that is due, until it is over or has to wait. False: none is due. The first
  // error is the move's problem, and tried again later.
  absl::StatusOr<bool> RunOnce();
  // From now on a move is left where it is, between two of its steps, for another worker.
  void Stop() { stopping_ = true; }

 private:
  // A move that this has the lease of.
  struct Work;

  absl::Status Advance(Work& work);
  absl::Status Prepare(Work& work);
  absl::Status Copy(Work& work);
  absl::Status CatchUp(Work& work);
  // Until what is left takes a moment.
  absl::Status CatchUpMost(Work& work);
  absl::Status Compare(Work& work);
  absl::Status HoldAndSwitch(Work& work);
  // OK: the records are equal at both sides, and nowhere 'here'. Otherwise writers go on.
  absl::Status WhileHeld(Work& work, absl::Time until);
  absl::Status Switch(Work& work);
  absl::Status Finish(Work& work);
  absl::Status Clean(Work& work);
  absl::Status Cancel(Work& work);

  absl::Status PutCopy(Work& work);
  absl::Status WipeCopy(Work& work);
  absl::Status DropNotes(Work& work);
  absl::Status Follow(Work& work);
  absl::StatusOr<bool> Place(postgres::Door& door, Work& work,
                             const std::vector<std::string>& expected, std::string_view place,
                             std::optional<absl::Duration> hold = std::nullopt);
  absl::Status Save(Work& work, MoveStep next);
  // In the same step, after a part of it that is a checkpoint.
  std::function<absl::Status()> SavingAt(Work& work, std::string_view point);
  absl::Status SaveWith(Work& work, MoveStep next, std::string_view verb);
  absl::Status Reached(std::string_view point);

  Shards& shards_;
  ShardMap& map_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const MoveSettings settings_;
  const Checkpoint checkpoint_;
  const Uuid worker_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace kasbah::tenantdata
