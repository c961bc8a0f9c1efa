#pragma once

#include <string_view>

#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// As core.tenants has it: "active", "suspended", "closed", which one that is erased is as well.
std::string_view NameOf(TenantState state);
// Crashes for what the table's constraint does not allow.
TenantState ParseTenantState(std::string_view name);

}  // namespace kasbah::tenantdata
