#pragma once

#include <optional>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/placement/move.h"

namespace kasbah::tenantdata {

// tenant_data.moves at home, through the mover's door.
class MoveStore {
 public:
  // ALREADY_EXISTS while another of the tenant's is under way.
  static void Insert(postgres::Transaction& tx, const Move& move);
  // Of one tenant. NOT_FOUND.
  static postgres::Pending<Move> Get(postgres::Transaction& tx, TenantId tenant, MoveId id);
  // The newest first, after `before` (nil: from the newest on).
  static postgres::Pending<std::vector<Move>> List(postgres::Transaction& tx, TenantId tenant,
                                                   MoveId before, int64_t limit);
  // What is due and nobody else works on; it is then `worker`'s for `lease`.
  static postgres::Pending<std::optional<Move>> Claim(postgres::Transaction& tx, Uuid worker,
                                                      absl::Duration lease);
  // Saves what changed since `before`, its step as it was, and renews the lease. MOVE_TAKEN_OVER
  // where it is another's by now, or in another step: cancelled.
  static void Save(postgres::Transaction& tx, const Move& move, MoveStep before, Uuid worker,
                   absl::Duration lease);
  static void Release(postgres::Transaction& tx, MoveId id, Uuid worker);
  // False where it is too late, or over already.
  static postgres::Pending<bool> Cancel(postgres::Transaction& tx, TenantId tenant, MoveId id);
};

}  // namespace kasbah::tenantdata
