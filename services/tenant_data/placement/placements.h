#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "services/tenant_data/placement/move.h"
#include "services/tenant_data/placement/placement_store.h"
#include "services/tenant_data/placement/shards.h"

namespace kasbah::tenantdata {

// What operators see and order of where records are. Orders are carried out by TenantMover. Thread
// safe.
class Placements {
 public:
  Placements(Shards& shards, outbox::Outbox& outbox, const Clock& clock)
      : shards_(shards), outbox_(outbox), clock_(clock) {}

  struct ShardState {
    std::string name;
    int64_t tenants = 0;
    bool answers = false;
  };
  // Home first. One that does not answer says so.
  absl::StatusOr<std::vector<ShardState>> ListShards(absl::Time deadline);

  // Of the call's tenant. NOT_FOUND.
  absl::StatusOr<std::string> ShardOf(const CallContext& call);
  // INVALID_ARGUMENT for a target that there is not; FAILED_PRECONDITION, RECORDS_ARE_THERE or
  // MOVE_IN_PROGRESS.
  absl::StatusOr<Move> Start(const CallContext& call, const std::string& target);
  absl::StatusOr<Move> Get(const CallContext& call, MoveId id);
  absl::StatusOr<std::vector<Move>> List(const CallContext& call, MoveId before, int64_t limit);
  // Its end is a moment away. FAILED_PRECONDITION, MOVE_PAST_SWITCH; NOT_FOUND.
  absl::StatusOr<Move> Cancel(const CallContext& call, MoveId id);

 private:
  Shards& shards_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
