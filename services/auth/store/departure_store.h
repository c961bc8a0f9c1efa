#pragma once

#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"

namespace kasbah::auth {

// Members who leave because their tenant is erased: memberships and auth.departures, within a
// transaction of the tenant. Stateless.
class DepartureStore {
 public:
  // Ends some memberships and notes whose they were: how many.
  postgres::Pending<uint64_t> Begin(postgres::Transaction& tx, TenantId tenant, int limit) const;
  postgres::Pending<std::vector<UserId>> List(postgres::Transaction& tx, TenantId tenant,
                                              int limit) const;
  // They are gone, or another tenant's: how many.
  postgres::Pending<uint64_t> Finish(postgres::Transaction& tx, TenantId tenant,
                                     const std::vector<UserId>& users) const;
};

}  // namespace kasbah::auth
