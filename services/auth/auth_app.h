#pragma once

#include "absl/status/status.h"
#include "services/auth/auth_config.h"

namespace kasbah::auth {

// Builds auth and serves it until SIGTERM or SIGINT.
absl::Status Run(const AuthConfig& config);

}  // namespace kasbah::auth
