#pragma once

#include <vector>

#include "libs/usage/meter.h"
#include "libs/usage/quota_statements.h"

namespace kasbah::webhook {

inline constexpr usage::QuotaStatements kQuotas = KASBAH_QUOTAS("webhook");

// What webhook counts: deliveries.
std::vector<usage::Meter> Meters();

}  // namespace kasbah::webhook
