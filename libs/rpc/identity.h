#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace kasbah::rpc {

// A SPIFFE id of this installation, split: spiffe://<domain>/<path>. The path is one of
// "service/<name>", "operator/<name>", "tenant/<ten_id>/workload/<name>".
struct SpiffeId {
  std::string domain;
  std::string path;

  // INVALID_ARGUMENT for anything that is not exactly of this form.
  static absl::StatusOr<SpiffeId> Parse(std::string_view uri);
  std::string ToString() const { return "spiffe://" + domain + "/" + path; }

  bool is_service() const { return path.starts_with("service/"); }
  bool is_operator() const { return path.starts_with("operator/"); }
  bool is_tenant_workload() const { return path.starts_with("tenant/"); }
  // Of a tenant's workload; nil otherwise.
  TenantId tenant() const;
};

// True when `pattern` of a policy ("service/auth", "service/*", "operator/*", "tenant/*") names
// `path`.
bool PeerMatches(std::string_view pattern, std::string_view path);

}  // namespace kasbah::rpc
