#pragma once

#include "absl/status/status.h"
#include "services/csi_provider/csi_provider_config.h"

namespace kasbah::csi_provider {

// Builds the provider and serves its socket until SIGTERM or SIGINT.
absl::Status Run(const CsiProviderConfig& config);

}  // namespace kasbah::csi_provider
