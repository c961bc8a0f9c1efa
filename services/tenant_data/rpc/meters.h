#pragma once

#include <vector>

#include "libs/usage/meter.h"
#include "libs/usage/quota_statements.h"

namespace kasbah::tenantdata {

inline constexpr usage::QuotaStatements kQuotas = KASBAH_QUOTAS_WITH_SLOTS("tenant_data");

// What tenant-data counts itself: records, and bytes of files.
std::vector<usage::Meter> Meters();

}  // namespace kasbah::tenantdata
