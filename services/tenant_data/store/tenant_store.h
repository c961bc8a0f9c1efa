#pragma once

#include <string>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// core.tenants, through the registry door (DoorToken::TenantRegistry). The system tenant is no
// tenant here: never listed, found or changed.
class TenantStore {
 public:
  // The transaction fails unless the tenant is active (TENANT_SUSPENDED, TENANT_CLOSED), and the
  // call's own customer (CUSTOMER_SUSPENDED).
  void EnterActive(postgres::Transaction& tx, const CallContext& call) const;
  postgres::Pending<Tenant> Get(postgres::Transaction& tx, TenantId tenant) const;

  // ALREADY_EXISTS when the slug is taken, by a closed tenant too, or was by one that is erased.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const Tenant& tenant) const;
  // Enters a tenant from the registry, so that an event can be written to its trail.
  void Enter(postgres::Transaction& tx, TenantId tenant) const;
  // Locks the row until the transaction ends.
  postgres::Pending<Tenant> GetForChange(postgres::Transaction& tx, TenantId tenant) const;
  // Name, state and version. Takes effect with the commit: core.enter reads the row.
  void Save(postgres::Transaction& tx, const Tenant& tenant) const;
  // Of a closed tenant.
  void EraseNames(postgres::Transaction& tx, const Tenant& tenant, absl::Time now) const;
  // The hosts of a tenant are nobody's from the commit on.
  void ReleaseHosts(postgres::Transaction& tx, TenantId tenant) const;
  // At most `limit` in the order of their creation, after `after`.
  postgres::Pending<std::vector<Tenant>> List(postgres::Transaction& tx, TenantId after,
                                              int64_t limit) const;
};

}  // namespace kasbah::tenantdata
