#pragma once

#include "absl/status/status.h"
#include "services/tenant_data/tenant_data_config.h"

namespace kasbah::tenantdata {

// Builds the service and serves until SIGTERM or SIGINT.
absl::Status RunTenantData(const TenantDataConfig& config);

}  // namespace kasbah::tenantdata
