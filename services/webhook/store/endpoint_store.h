#pragma once

#include <string_view>
#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/webhook/domain/endpoint.h"

namespace kasbah::webhook {

// A tenant's endpoints, within the transaction's tenant. Deleted ones are not seen. No state of its
// own.
class EndpointStore {
 public:
  // FAILED_PRECONDITION, TOO_MANY_ENDPOINTS, past kMaxEndpoints.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, TenantId tenant,
                                             const Endpoint& endpoint,
                                             std::string_view sealed_secret) const;
  // NOT_FOUND.
  postgres::Pending<Endpoint> Get(postgres::Transaction& tx, TenantId tenant, EndpointId id) const;
  // In the order they were made, after `after`.
  postgres::Pending<std::vector<Endpoint>> List(postgres::Transaction& tx, TenantId tenant,
                                                EndpointId after, int limit) const;
  // Forgets the secret, empties the queue of what waits for it and marks that dropped. NOT_FOUND.
  postgres::Pending<postgres::Result> Delete(postgres::Transaction& tx, TenantId tenant,
                                             EndpointId id) const;
  // The same, but keeps the endpoint, disabled. NOT_FOUND unless it was enabled.
  postgres::Pending<postgres::Result> Disable(postgres::Transaction& tx, TenantId tenant,
                                              EndpointId id) const;
};

}  // namespace kasbah::webhook
