#include "services/tenant_data/store/tenant_row.h"

#include <optional>
#include <string>

#include "services/tenant_data/store/tenant_state.h"

namespace kasbah::tenantdata {

Tenant ReadTenant(const postgres::Row& row) {
  Tenant tenant;
  tenant.id = row.Get<TenantId>(0);
  tenant.slug = row.Get<std::string>(1);
  tenant.display_name = row.Get<std::string>(2);
  tenant.state = ParseTenantState(row.Get<std::string>(3));
  tenant.version = row.Get<uint64_t>(4);
  tenant.created = row.Get<absl::Time>(5);
  tenant.suspended = row.Get<std::optional<absl::Time>>(6);
  tenant.closed = row.Get<std::optional<absl::Time>>(7);
  tenant.erased = row.Get<std::optional<absl::Time>>(8);
  if (tenant.erased) tenant.state = TenantState::kErased;
  return tenant;
}

}  // namespace kasbah::tenantdata
