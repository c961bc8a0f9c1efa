#include "services/tenant_data/domain/vault_refusal.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {

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
