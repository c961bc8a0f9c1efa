#pragma once

#include "absl/status/status.h"
#include "libs/base/call_context.h"
#include "libs/base/error.h"

namespace kasbah::vault {

// Secrets and keys are the tenant's; a caller that is limited to one of its customers has none.
inline absl::Status RequireTenantWide(const CallContext& call) {
  if (!call.customer.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
               "this belongs to the tenant, not to one of its customers");
}

}  // namespace kasbah::vault
