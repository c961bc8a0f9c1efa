#pragma once

#include "absl/status/status.h"
#include "services/audit/audit_config.h"

namespace kasbah::audit {

// Builds kasbah-audit and serves until it is told to stop.
absl::Status RunAudit(const AuditConfig& config);

}  // namespace kasbah::audit
