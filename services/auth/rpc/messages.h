#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.pb.h"
#include "services/auth/domain/api_key.h"
#include "services/auth/domain/membership.h"
#include "services/auth/domain/revocation.h"
#include "services/auth/domain/roles.h"

namespace kasbah::auth {

// Between the proto's messages and the domain's types.

v1::Role ToMessage(Role role);
// INVALID_ARGUMENT on field `role`.
absl::StatusOr<Role> FromMessage(v1::Role role);

v1::ApiKey ToMessage(const ApiKey& key);
v1::Membership ToMessage(const Membership& member, std::string_view email);
v1::Revocation ToMessage(const Revocation& revocation);

}  // namespace kasbah::auth
