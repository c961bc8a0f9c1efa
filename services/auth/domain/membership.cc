#include "services/auth/domain/membership.h"

#include "libs/base/error.h"

namespace kasbah::auth {

absl::Status CheckAnotherOwner(const std::vector<Membership>& members, UserId user) {
  for (const Membership& member : members) {
    if (member.role == Role::kOwner && member.user != user) return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "LAST_OWNER",
               "the tenant's last owner stays; make somebody else an owner first");
}

}  // namespace kasbah::auth
