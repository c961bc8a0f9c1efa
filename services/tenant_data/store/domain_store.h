#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/domain.h"

namespace kasbah::tenantdata {

// As tenant_data.domains has it: "pending", "verified", "lapsed".
std::string_view NameOf(DomainState state);

// tenant_data.domains, within one tenant. The service's own role reads and inserts; changes go
// through the resolver's door, together with whose the host is.
class DomainStore {
 public:
  static postgres::Pending<Domain> Get(postgres::Transaction& tx, TenantId tenant, DomainId id);
  // In the order of creation, after `after`.
  static postgres::Pending<std::vector<Domain>> List(postgres::Transaction& tx, TenantId tenant,
                                                     DomainId after, int64_t limit);
  static postgres::Pending<int64_t> Count(postgres::Transaction& tx, TenantId tenant);
  // ALREADY_EXISTS when the tenant has the host.
  static postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, TenantId tenant,
                                                    const Domain& domain);

  // Locks the row until the transaction ends.
  static postgres::Pending<Domain> GetForChange(postgres::Transaction& tx, TenantId tenant,
                                                DomainId id);
  // All that changes in a domain. `next_check` is set for a verified one and no other.
  static void Save(postgres::Transaction& tx, TenantId tenant, const Domain& domain,
                   std::optional<absl::Time> next_check);
  static void Delete(postgres::Transaction& tx, TenantId tenant, DomainId id);
};

}  // namespace kasbah::tenantdata
