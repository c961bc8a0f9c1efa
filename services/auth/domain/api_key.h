#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "services/auth/domain/roles.h"

namespace kasbah::auth {

// What is known of a key, the key itself excepted.
struct ApiKey {
  ApiKeyId id;
  std::string display_name;
  Role role = Role::kViewer;
  // Set: for this customer's rows only.
  std::optional<CustomerId> customer;
  std::string prefix;
  // The actor who made it: usr_… or an operator's SPIFFE path.
  std::string created_by;
  absl::Time create_time;
  std::optional<absl::Time> expire_time;
  std::optional<absl::Time> revoke_time;
  std::optional<ApiKeyId> successor;

  bool IsActive(absl::Time now) const {
    return !revoke_time.has_value() && (!expire_time.has_value() || now < *expire_time);
  }
};

// FAILED_PRECONDITION, reason API_KEY_INACTIVE or API_KEY_ROTATED, for a key that cannot have a
// successor.
absl::Status CheckRotatable(const ApiKey& key, absl::Time now);

// The key that takes over: the same name, role and customer, and as long a life from now as the old
// one had from its beginning.
ApiKey SuccessorOf(const ApiKey& key, ApiKeyId id, absl::Time now);

// When the old key ends: after the overlap, or earlier if it would have anyway.
absl::Time EndOfOverlap(const ApiKey& key, absl::Duration overlap, absl::Time now);

}  // namespace kasbah::auth
