#include "services/auth/rpc/authority.h"

#include "libs/base/error.h"

namespace kasbah::auth {

absl::Status CheckMayGrant(const rpc::Call& call, Role role) {
  if (call.actor_kind == policy::v1::ACTOR_KIND_OPERATOR || Covers(call.permissions, role)) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kPermissionDenied, "ROLE_EXCEEDS_OWN",
               "the role holds more than you do; ask somebody who has it");
}

absl::Status CheckWholeTenant(const rpc::Call& call) {
  if (!call.customer.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
               "members belong to the whole tenant, and you are here for one customer");
}

absl::Time StoredTime(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

}  // namespace kasbah::auth
