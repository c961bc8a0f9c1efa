#include "libs/base/call_context.h"

#include <utility>

#include "absl/time/clock.h"

namespace kasbah {

CallContext CallContext::ForBackground(std::string workload, TenantId tenant, absl::Time deadline) {
  CallContext call;
  call.tenant = tenant;
  call.deadline = deadline;
  call.actor.kind = "workload";
  call.actor.id = workload;
  call.workload = std::move(workload);
  call.request_id = Uuid::V7(absl::Now()).ToString();
  return call;
}

}  // namespace kasbah
