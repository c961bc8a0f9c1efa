#include "services/webhook/delivery/gone_endpoint.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "services/webhook/store/endpoint_store.h"

namespace kasbah::webhook {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(5);

}  // namespace

void DisableGoneEndpoint(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock,
                         const std::string& workload, TenantId tenant, EndpointId endpoint) {
  const CallContext call = CallContext::ForBackground(workload, tenant, absl::Now() + kTimeout);
  const EndpointStore endpoints;
  const absl::Status disabled = database.WithTenant(call, [&](postgres::Transaction& tx) {
    endpoints.Disable(tx, tenant, endpoint);
    return outbox.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock, "endpoint.disable", {"endpoint", endpoint.ToString(), ""},
                          {{"cause", "GONE"}}));
  });
  if (!disabled.ok() && ReasonOf(disabled) != reason::kNotFound) {
    telemetry::LogWarning("an endpoint that is gone was not disabled",
                          {{"endpoint", endpoint.ToString()}, {"reason", ReasonOf(disabled)}});
  }
}

}  // namespace kasbah::webhook
