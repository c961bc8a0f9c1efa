#pragma once

#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/domain.h"

namespace kasbah::tenantdata {

struct DueDomain {
  TenantId tenant;
  DomainId domain;
};

// Through the upkeep's door, which sees when a verified domain of any tenant is due for another
// look, can put it off, and sees nothing more.
class DueDomainStore {
 public:
  // Takes those that are due until `until`, so that no other replica looks at them meanwhile.
  static postgres::Pending<std::vector<DueDomain>> Claim(postgres::Transaction& tx, absl::Time now,
                                                         absl::Time until, int64_t limit);
  // Due now, unless it is due before `unless_before` anyway.
  static void Hasten(postgres::Transaction& tx, const DueDomain& domain, absl::Time now,
                     absl::Time unless_before);
};

}  // namespace kasbah::tenantdata
