#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/leases.pb.h"
#include "services/vault/domain/lease.h"

namespace kasbah::vault {

// From the domain's types to the messages that callers see.
v1::Database ToProto(const TargetDatabase& database);
v1::DatabaseRole ToProto(const DatabaseRole& role);
v1::Lease ToProto(const Lease& lease);

// And back, with defaults where a field was left out. INVALID_FIELDS.
TargetDatabase FromProto(const v1::DatabaseSettings& settings);
absl::StatusOr<DatabaseRole> FromProto(const v1::DatabaseRoleSettings& settings);
// Unset where the request has none; a minute at least.
template <typename Request>
absl::StatusOr<std::optional<absl::Duration>> TtlOf(const Request& request);
absl::StatusOr<absl::Duration> CheckedTtl(const google::protobuf::Duration& ttl);

template <typename Request>
absl::StatusOr<std::optional<absl::Duration>> TtlOf(const Request& request) {
  if (!request.has_ttl()) return std::optional<absl::Duration>();
  const absl::StatusOr<absl::Duration> ttl = CheckedTtl(request.ttl());
  if (!ttl.ok()) return ttl.status();
  return std::optional(*ttl);
}

}  // namespace kasbah::vault
