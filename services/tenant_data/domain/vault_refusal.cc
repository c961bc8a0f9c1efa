#include "services/tenant_data/domain/vault_refusal.h"

#include <string>

#include "libs/base/strings.h"

namespace kasbah::tenantdata {

Violation ErasedSubject(std::string_view field) {
  return {std::string(field), "is somebody who was erased", std::string(kKeyShredded)};
}

absl::Status FromVault(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable ||
      status.code() == absl::StatusCode::kDeadlineExceeded ||
      status.code() == absl::StatusCode::kResourceExhausted || IsTenantRefused(status) ||
      ReasonOf(status) == kKeyShredded) {
    return status;
  }
  return absl::InternalError(ToAbsl(StrCat("the vault refused: ", ReasonOf(status))));
}

}  // namespace kasbah::tenantdata
