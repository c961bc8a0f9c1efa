#pragma once

#include <bitset>
#include <string>

#include "absl/status/status.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/call_context.h"
#include "libs/base/error.h"

namespace kasbah::rpc {

// A call that passed the pipeline: the context that every layer below takes, and what only handlers
// ask for. Made by the pipeline alone.
class Call : public CallContext {
 public:
  policy::v1::ActorKind actor_kind = policy::v1::ACTOR_KIND_UNSPECIFIED;
  // What the actor was granted, by Permission number. Services and operators: everything that the
  // method's policy lets them do.
  std::bitset<128> permissions;
  // Full name: "kasbah.vault.v1.SecretService/AddSecretVersion".
  std::string_view method;
  // The session or credential that the assertion was issued for.
  std::string session_id;
  // The tenant's registered program that calls, or for which the CSI provider does; nil: none.
  WorkloadId registered_workload;

  bool Has(policy::v1::Permission permission) const {
    return permissions.test(static_cast<size_t>(permission));
  }
};

// For what belongs to the tenant as a whole: PERMISSION_DENIED for a call that is limited to one of
// its customers.
inline absl::Status RequireTenantWide(const CallContext& call) {
  if (!call.customer.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
               "this belongs to the tenant, not to one of its customers");
}

}  // namespace kasbah::rpc
