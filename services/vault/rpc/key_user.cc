#include "services/vault/rpc/key_user.h"

namespace kasbah::vault {

bool KeyUser::IsOfItem(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return !ReasonOf(status).empty();
    default:
      return false;
  }
}

bool KeyUser::IsOfNextVersion(const KeyLease& lease, std::string_view ciphertext) {
  const auto named = crypto::ciphertext_v1::ParseKeyRef(ciphertext);
  return named.ok() && named->key_id == lease.id().uuid() &&
         named->version == lease.primary_version() + 1;
}

}  // namespace kasbah::vault
