#include "services/auth/domain/workload.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::auth {

std::string EtagOf(const Workload& workload) { return StrCat("r", workload.revision); }

absl::Status CheckEtag(const Workload& workload, std::string_view etag) {
  if (etag.empty() || etag == EtagOf(workload)) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "the workload changed since it was read");
}

absl::Status CheckServiceAccounts(const std::vector<ServiceAccount>& accounts) {
  for (auto account = accounts.begin(); account != accounts.end(); ++account) {
    if (std::find(accounts.begin(), account, *account) != account) {
      return InvalidField("kubernetes", "must name each service account once");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<WorkloadRef> WorkloadRef::Parse(const std::string& text) {
  WorkloadRef ref;
  // No name has an underscore.
  if (!text.starts_with("wkl_")) {
    ref.name = text;
    return ref;
  }
  const absl::StatusOr<WorkloadId> id = WorkloadId::Parse(text);
  if (!id.ok()) return InvalidField("workload", "must be a workload's id (wkl_…) or its name");
  ref.id = *id;
  return ref;
}

std::string WorkloadNameIn(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace kasbah::auth
