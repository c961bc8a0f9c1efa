#pragma once

#include "libs/postgres/result.h"
#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// What ReadTenant reads of core.tenants, in its order.
#define KASBAH_TENANT_COLUMNS                                         \
  "tenant_id, slug, display_name, state, state_version, created_at, " \
  "suspended_at, closed_at, erased_at "
Tenant ReadTenant(const postgres::Row& row);

}  // namespace kasbah::tenantdata
