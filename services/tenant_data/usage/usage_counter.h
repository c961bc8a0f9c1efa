#pragma once

#include <vector>

#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/metrics.h"
#include "services/tenant_data/store/usage_store.h"
#include "services/tenant_data/usage/meters_of_services.h"

namespace kasbah::tenantdata {

// Once an hour, one replica asks every service what every tenant holds and used, and has each
// tenant's limits put into force again, once a day by a count. What a service that is away did not
// answer is asked again after five minutes, days that are over included: a day is final when
// everybody has said what was used on it. Thread safe.
class UsageCounter {
 public:
  // `door` is the registry's.
  UsageCounter(postgres::Door& door, const MeterPeers& peers, const Clock& clock);

  // Nothing when it is not time, or another replica's turn. The first failure, after asking all.
  absl::Status RunOnce();

  // Has the service that counts the meter hold the tenant to the quota.
  absl::Status Apply(const CallContext& call, const QuotaSetting& quota, bool recount = false);

 private:
  // Takes the turn, or holds on to it.
  absl::StatusOr<std::optional<absl::Time>> TakeTurn();
  // ABORTED, LEASE_LOST, when another replica has it.
  absl::Status HoldOn();
  // From `first` on, today included.
  absl::Status CountAll(absl::Time first, absl::Time today);
  absl::Status CountDay(absl::Time day, bool is_today, const std::vector<TenantId>& tenants);
  // Of one service. Where many take too long, a half at a time.
  absl::Status CountAt(const std::string& service, usage::v1::MeterService::Stub& stub,
                       absl::Time day, bool is_today, const std::vector<TenantId>& tenants);
  // Each limit as it is set by then.
  absl::Status ApplyAll(bool recount);
  absl::Status ApplyAgain(const QuotaSetting& listed, bool recount);

  postgres::Door& door_;
  const MeterPeers& peers_;
  const Clock& clock_;
  const Uuid holder_;
  telemetry::Gauge& counted_;
};

}  // namespace kasbah::tenantdata
