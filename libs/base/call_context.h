#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah {

// Who acts: "api_key" key_…, "user" usr_…, "tenant_workload" wkl_…, "operator" or "workload" with
// its SPIFFE path.
struct Actor {
  std::string kind;
  std::string id;
  // A name for people; personal. May be empty.
  std::string display;
};

// For whom, by whom, until when: what every layer below the RPC needs of a call. libs/rpc makes it;
// background work makes its own with ForBackground.
struct CallContext {
  TenantId tenant;
  // Only this customer's rows; unset: all of the tenant's.
  std::optional<CustomerId> customer;
  absl::Time deadline = absl::InfiniteFuture();
  Actor actor;
  // The peer's SPIFFE path: "service/webhook".
  std::string workload;
  std::string request_id;
  // W3C trace context.
  std::string traceparent;
  std::string source_address;
  std::string user_agent;

  // Work that no call asked for: the process itself acts.
  static CallContext ForBackground(std::string workload, TenantId tenant, absl::Time deadline);
};

}  // namespace kasbah
