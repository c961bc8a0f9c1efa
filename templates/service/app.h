#pragma once

#include "absl/status/status.h"
#include "services/@schema@/@schema@_config.h"

namespace kasbah::@package@ {

// Builds the process and serves until SIGTERM or SIGINT.
absl::Status Run(const @Schema@Config& config);

}  // namespace kasbah::@package@
