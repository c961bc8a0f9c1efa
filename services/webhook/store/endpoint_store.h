#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/ids.h"
#include "libs/ciphertexts/sealed.h"
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
  // Endpoints by the key version that sealed their secret.
  static postgres::Pending<std::map<uint32_t, uint64_t>> CountSecrets(postgres::Transaction& tx,
                                                                      TenantId tenant);
  using SealedSecret = ciphertexts::Sealed<EndpointId>;
  // That a version below `below` sealed, in the order of endpoints.
  static postgres::Pending<std::vector<SealedSecret>> SecretsAfter(postgres::Transaction& tx,
                                                                   TenantId tenant, uint32_t below,
                                                                   EndpointId after, int limit);
  // Puts `after` where `before` stands; both of the same endpoints. How many.
  static postgres::Pending<uint64_t> ReplaceSecrets(postgres::Transaction& tx, TenantId tenant,
                                                    const std::vector<SealedSecret>& before,
                                                    const std::vector<SealedSecret>& after);

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
