#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "kasbah/auth/v1/auth.pb.h"
#include "services/auth/domain/api_key.h"
#include "services/auth/domain/membership.h"
#include "services/auth/domain/revocation.h"
#include "services/auth/domain/roles.h"

namespace kasbah::auth {

// Between the proto's messages and the domain's types.

google::protobuf::Timestamp ToTimestamp(absl::Time time);
// INVALID_ARGUMENT on `field` outside years 1 to 9999.
absl::StatusOr<absl::Time> FromTimestamp(const google::protobuf::Timestamp& timestamp,
                                         std::string_view field);

v1::Role ToMessage(Role role);
// INVALID_ARGUMENT on field `role`.
absl::StatusOr<Role> FromMessage(v1::Role role);

v1::ApiKey ToMessage(const ApiKey& key);
v1::Membership ToMessage(const Membership& member, std::string_view email);
v1::Revocation ToMessage(const Revocation& revocation);

}  // namespace kasbah::auth
