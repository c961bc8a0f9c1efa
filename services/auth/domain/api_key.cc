#include "services/auth/domain/api_key.h"

#include <algorithm>

#include "libs/base/error.h"

namespace kasbah::auth {

absl::Status CheckRotatable(const ApiKey& key, absl::Time now) {
  if (key.successor.has_value()) {
    return Error(absl::StatusCode::kFailedPrecondition, "API_KEY_ROTATED",
                 "the key has a successor already; rotate that one");
  }
  if (!key.IsActive(now)) {
    return Error(absl::StatusCode::kFailedPrecondition, "API_KEY_INACTIVE",
                 "the key is revoked or expired; create a new one");
  }
  return absl::OkStatus();
}

ApiKey SuccessorOf(const ApiKey& key, ApiKeyId id, absl::Time now) {
  ApiKey next;
  next.id = id;
  next.display_name = key.display_name;
  next.role = key.role;
  next.customer = key.customer;
  next.create_time = now;
  if (key.expire_time.has_value()) next.expire_time = now + (*key.expire_time - key.create_time);
  return next;
}

absl::Time EndOfOverlap(const ApiKey& key, absl::Duration overlap, absl::Time now) {
  return std::min(now + overlap, key.expire_time.value_or(absl::InfiniteFuture()));
}

}  // namespace kasbah::auth
