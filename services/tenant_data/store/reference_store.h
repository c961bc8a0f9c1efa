#pragma once

#include <optional>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {

// Whether records that values name are there: live, in the collection that the field says, within
// the call's customer scope, and the owner's or nobody's where the record that names them has one.
class ReferenceStore {
 public:
  // For each of `references`, of records of one owner, whether there is such a record.
  postgres::Pending<std::vector<bool>> Exist(postgres::Transaction& tx, const CallContext& call,
                                             std::optional<CustomerId> owner,
                                             const std::vector<ReferenceEntry>& references) const;
};

}  // namespace kasbah::tenantdata
