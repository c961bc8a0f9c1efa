#pragma once

#include <vector>

#include "libs/usage/meter.h"
#include "libs/usage/quota_statements.h"

namespace kasbah::vault {

inline constexpr usage::QuotaStatements kQuotas = KASBAH_QUOTAS_WITH_SLOTS("vault");

// What the vault counts: secrets.
std::vector<usage::Meter> Meters();

}  // namespace kasbah::vault
