#pragma once

#include "absl/time/time.h"
#include "libs/postgres/transaction.h"

namespace kasbah::webhook {

// How many deliveries a tenant has, and whether it may have more this month. Within its scope.
class DeliveryQuota {
 public:
  // The transaction fails where the month's are used up: RESOURCE_EXHAUSTED, QUOTA_EXCEEDED. They
  // are counted where messages are given to endpoints (InboxStore::FanOut).
  static void RequireRoom(postgres::Transaction& tx, TenantId tenant);
  // Of messages from `from` until `until`.
  static postgres::Pending<int64_t> Count(postgres::Transaction& tx, TenantId tenant,
                                          absl::Time from, absl::Time until);
};

}  // namespace kasbah::webhook
