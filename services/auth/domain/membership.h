#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "services/auth/domain/roles.h"

namespace kasbah::auth {

// One person in one tenant.
struct Membership {
  UserId user;
  Role role = Role::kViewer;
  std::string display_name;
  absl::Time create_time;
};

// FAILED_PRECONDITION, reason LAST_OWNER, when nobody among `members` (every owner of the tenant,
// at least) but `user` is an owner: a tenant without one could admit nobody.
absl::Status CheckAnotherOwner(const std::vector<Membership>& members, UserId user);

}  // namespace kasbah::auth
