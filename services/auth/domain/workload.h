#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::auth {

// A service account of a Kubernetes cluster, which its tokens' issuer names.
struct ServiceAccount {
  std::string issuer;
  std::string namespace_name;
  std::string name;

  friend bool operator==(const ServiceAccount&, const ServiceAccount&) = default;
};

// A program that a tenant registered.
struct Workload {
  WorkloadId id;
  // The last segment of its SPIFFE path.
  std::string name;
  int64_t revision = 1;
  std::vector<ServiceAccount> service_accounts;
  absl::Time create_time;
  absl::Time update_time;
};

// The revision as callers see it.
std::string EtagOf(const Workload& workload);
// ABORTED, ETAG_MISMATCH, for an etag of another revision; an empty one is any.
absl::Status CheckEtag(const Workload& workload, std::string_view etag);

// INVALID_FIELDS on `kubernetes` when a service account is named twice.
absl::Status CheckServiceAccounts(const std::vector<ServiceAccount>& accounts);

// What a request names a workload by: its id, or its name.
struct WorkloadRef {
  std::optional<WorkloadId> id;
  std::optional<std::string> name;

  // INVALID_FIELDS on `workload` for what begins like an id and is none.
  static absl::StatusOr<WorkloadRef> Parse(const std::string& text);
};

// The name in a tenant workload's SPIFFE path: "tenant/ten_…/workload/<name>".
std::string WorkloadNameIn(std::string_view path);

}  // namespace kasbah::auth
