#pragma once

#include <vector>

#include "libs/usage/meter.h"
#include "libs/usage/quota_statements.h"

namespace kasbah::audit {

inline constexpr usage::QuotaStatements kQuotas = KASBAH_QUOTAS("audit");

// What audit counts: events of the trail, and those that applications append.
std::vector<usage::Meter> Meters();

}  // namespace kasbah::audit
