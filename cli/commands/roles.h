#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.pb.h"

namespace kasbah::cli {

// The roles as people write them: "owner", "admin", "member", "viewer".
std::string RoleNames();
std::string RoleName(auth::v1::Role role);
// INVALID_ARGUMENT with the names there are.
absl::StatusOr<auth::v1::Role> ParseRole(const std::string& name);

}  // namespace kasbah::cli
