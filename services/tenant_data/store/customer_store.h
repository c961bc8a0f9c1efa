#pragma once

#include <string>
#include <vector>

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
  // Changes so far, the first being its creation.
  uint64_t version = 1;
};

// tenant_data.customers.
class CustomerStore {
 public:
  // ALREADY_EXISTS when the tenant has the external id.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const CallContext& call,
                                             const Customer& customer) const;
  postgres::Pending<Customer> Get(postgres::Transaction& tx, const CallContext& call,
                                  CustomerId id) const;
  // In the order of creation, after `after`.
  postgres::Pending<std::vector<Customer>> List(postgres::Transaction& tx, const CallContext& call,
                                                CustomerId after, int64_t limit) const;
  // Locks the row until the transaction ends.
  postgres::Pending<Customer> GetForChange(postgres::Transaction& tx, const CallContext& call,
                                           CustomerId id) const;
  // Names, state and version. ALREADY_EXISTS when another customer has the external id.
  void Save(postgres::Transaction& tx, const CallContext& call, const Customer& customer) const;

  // The transaction fails unless the customer exists (NOT_FOUND) and is active
  // (FAILED_PRECONDITION, CUSTOMER_SUSPENDED).
  void RequireActive(postgres::Transaction& tx, const CallContext& call, CustomerId id) const;
};

}  // namespace kasbah::tenantdata
