#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

struct Tenant {
  TenantId id;
  std::string slug;
  std::string display_name;
  absl::Time created;
  // Set while the tenant is suspended.
  std::optional<absl::Time> suspended;
};

// core.tenants, through the registry door (DoorToken::TenantRegistry). The system tenant is no
// tenant here: never listed, found or changed.
class TenantStore {
 public:
  // An active tenant; PERMISSION_DENIED, TENANT_SUSPENDED, otherwise.
  postgres::Pending<Tenant> GetActive(postgres::Transaction& tx, TenantId tenant) const;

  // ALREADY_EXISTS when the slug is taken.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const Tenant& tenant) const;
  // Enters a tenant from the registry, so that an event can be written to its trail.
  void Enter(postgres::Transaction& tx, TenantId tenant) const;
  // Locks the row until the transaction ends.
  postgres::Pending<Tenant> GetForChange(postgres::Transaction& tx, TenantId tenant) const;
  // Active when `suspended` is not set. Takes effect with the commit: core.enter reads the row.
  void SetSuspended(postgres::Transaction& tx, TenantId tenant,
                    std::optional<absl::Time> suspended) const;
  // At most `limit` in the order of their creation, after `after`.
  postgres::Pending<std::vector<Tenant>> List(postgres::Transaction& tx, TenantId after,
                                              int64_t limit) const;
};

}  // namespace kasbah::tenantdata
