#pragma once

#include <string>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

struct Customer {
  CustomerId id;
  // The tenant's own name for it.
  std::string external_id;
  std::string display_name;
  bool suspended = false;
  absl::Time created;
};

// tenant_data.customers.
class CustomerStore {
 public:
  // ALREADY_EXISTS when the tenant has the external id.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const CallContext& call,
                                             const Customer& customer) const;
  postgres::Pending<Customer> Get(postgres::Transaction& tx, const CallContext& call,
                                  CustomerId id) const;
  // Locks the row until the transaction ends.
  postgres::Pending<Customer> GetForChange(postgres::Transaction& tx, const CallContext& call,
                                           CustomerId id) const;
  void SetSuspended(postgres::Transaction& tx, const CallContext& call, CustomerId id,
                    bool suspended) const;

  // The transaction fails unless the customer exists (NOT_FOUND) and is active
  // (FAILED_PRECONDITION, CUSTOMER_SUSPENDED).
  void RequireActive(postgres::Transaction& tx, const CallContext& call, CustomerId id) const;
  // The same for the customer that a call is scoped to; nothing for one that is not.
  void RequireActiveScope(postgres::Transaction& tx, const CallContext& call) const;
};

}  // namespace kasbah::tenantdata
