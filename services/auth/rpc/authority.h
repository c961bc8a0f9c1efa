#pragma once

#include "absl/status/status.h"
#include "libs/rpc/call.h"
#include "services/auth/domain/roles.h"

namespace kasbah::auth {

// Nobody hands out, takes or renews more than they hold: PERMISSION_DENIED, reason
// ROLE_EXCEEDS_OWN, when `role` grants something that the caller was not granted. Operators may
// appoint anybody.
absl::Status CheckMayGrant(const rpc::Call& call, Role role);

// Members belong to the whole tenant: PERMISSION_DENIED for a caller who is scoped to one customer.
absl::Status CheckWholeTenant(const rpc::Call& call);

// The time as PostgreSQL keeps it, in microseconds, so that an answer equals what is read later.
absl::Time StoredTime(absl::Time time);

}  // namespace kasbah::auth
