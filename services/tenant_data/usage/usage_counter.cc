#include "services/tenant_data/usage/usage_counter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/day.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/channel.h"
#include "libs/usage/meter_name.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;
using usage::v1::CountUsageRequest;
using usage::v1::CountUsageResponse;
using usage::v1::MeterService;

constexpr absl::Duration kTimeout = absl::Seconds(30);
// Of one service, for one page of tenants; shorter than the lease.
constexpr absl::Duration kCountTimeout = absl::Seconds(90);
constexpr absl::Duration kEvery = absl::Hours(1);
constexpr absl::Duration kAgain = absl::Minutes(5);
// What happened before midnight is counted by then.
constexpr absl::Duration kAfterMidnight = absl::Minutes(10);
// After an outage that was longer, what came before is not counted any more.
constexpr absl::Duration kLongestAgo = absl::Hours(24 * 31);
constexpr absl::Duration kKeptFor = absl::Hours(24 * 800);
constexpr int kTenantsAtOnce = 100;
constexpr std::string_view kLeaseLost = "LEASE_LOST";

CallContext CallFor(TenantId tenant, absl::Time deadline) {
  return CallContext::ForBackground("service/tenant-data", tenant, deadline);
}

absl::Time NextTurn(absl::Time now) {
  const absl::Time today = DayOf(now);
  if (now < today + kAfterMidnight) return today + kAfterMidnight;
  return std::min(now + kEvery, NextDay(today) + kAfterMidnight);
}

std::vector<std::string> HeldMeters() {
  std::vector<std::string> held;
  for (const KnownMeter& meter : kMeters) {
    if (meter.is_held) held.push_back(usage::NameOf(meter.id));
  }
  return held;
}

std::vector<UsageCount> CountsOf(const CountUsageResponse& reply) {
  std::vector<UsageCount> counts;
  for (const CountUsageResponse::Count& count : reply.counts()) {
    const absl::StatusOr<TenantId> tenant = TenantId::Parse(count.tenant_id());
    if (FindMeter(count.meter()) == nullptr || !tenant.ok()) continue;
    counts.push_back({*tenant, usage::NameOf(count.meter()), count.quantity()});
  }
  return counts;
}

}  // namespace

UsageCounter::UsageCounter(postgres::Door& door, const MeterPeers& peers, const Clock& clock)
    : door_(door),
      peers_(peers),
      clock_(clock),
      holder_(Uuid::V7(absl::Now())),
      counted_(telemetry::GetGauge("kasbah_tenant_data_usage_counted_seconds",
                                   "When this replica last counted all tenants' use, Unix time")) {}

absl::StatusOr<std::optional<absl::Time>> UsageCounter::TakeTurn() {
  return door_.Run(absl::Now() + kTimeout,
                   [&](Transaction& tx) { return UsageStore::Lease(tx, holder_, clock_.Now()); });
}

absl::Status UsageCounter::HoldOn() {
  ASSIGN_OR_RETURN(const std::optional<absl::Time> held, TakeTurn());
  if (held) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, kLeaseLost, "another replica counts by now");
}

absl::Status UsageCounter::RunOnce() {
  ASSIGN_OR_RETURN(const std::optional<absl::Time> final_before, TakeTurn());
  if (!final_before) return absl::OkStatus();
  const absl::Time now = clock_.Now();
  const absl::Time today = DayOf(now);
  const absl::Time first = std::max(*final_before, DayOf(now - kLongestAgo));
  absl::Status done = CountAll(first, today);
  const bool is_final = done.ok() && now >= today + kAfterMidnight;
  // What writers may have missed is put right once a day.
  if (ReasonOf(done) != kLeaseLost) done.Update(ApplyAll(/*recount=*/first < today));
  const absl::StatusOr<bool> ended = door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    UsageStore::Forget(tx, now - kKeptFor);
    return UsageStore::EndLease(tx, holder_,
                                is_final ? std::max(today, *final_before) : *final_before,
                                done.ok() ? NextTurn(now) : now + kAgain);
  });
  if (!ended.ok()) done.Update(ended.status());
  // Somebody else counts, or has counted.
  if (ended.ok() && !*ended) return absl::OkStatus();
  if (done.ok()) counted_.Set(static_cast<double>(absl::ToUnixSeconds(now)));
  return done;
}

absl::Status UsageCounter::CountAll(absl::Time first, absl::Time today) {
  absl::Status failed;
  std::vector<TenantId> tenants;
  do {
    const TenantId after = tenants.empty() ? TenantId() : tenants.back();
    ASSIGN_OR_RETURN(tenants, door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
      return UsageStore::ListTenants(tx, after, kTenantsAtOnce);
    }));
    if (tenants.empty()) break;
    for (absl::Time day = first; day <= today; day = NextDay(day)) {
      const absl::Status counted = CountDay(day, /*is_today=*/day == today, tenants);
      if (ReasonOf(counted) == kLeaseLost) return counted;
      failed.Update(counted);
    }
  } while (tenants.size() == kTenantsAtOnce);
  return failed;
}

absl::Status UsageCounter::CountDay(absl::Time day, bool is_today,
                                    const std::vector<TenantId>& tenants) {
  absl::Status failed;
  for (const auto& [service, stub] : peers_) {
    const absl::Status counted = CountAt(service, *stub, day, is_today, tenants);
    if (ReasonOf(counted) == kLeaseLost) return counted;
    failed.Update(counted);
  }
  if (is_today) return failed;
  // Nobody looked at what was held on it, or not at all of it: it is what it was before.
  failed.Update(door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    UsageStore::FillDay(tx, day, tenants, HeldMeters());
    return absl::OkStatus();
  }));
  return failed;
}

absl::Status UsageCounter::CountAt(const std::string& service, MeterService::Stub& stub,
                                   absl::Time day, bool is_today,
                                   const std::vector<TenantId>& tenants) {
  RETURN_IF_ERROR(HoldOn());
  CountUsageRequest request;
  request.set_date(FormatDay(day));
  request.set_with_held(is_today);
  for (const TenantId tenant : tenants) request.add_tenant_ids(tenant.ToString());
  const absl::StatusOr<CountUsageResponse> reply =
      rpc::Invoke(CallFor(TenantId(), absl::Now() + kCountTimeout), stub,
                  &MeterService::Stub::CountUsage, request);
  if (absl::IsDeadlineExceeded(reply.status()) && tenants.size() > 1) {
    const auto half = tenants.begin() + static_cast<std::ptrdiff_t>(tenants.size() / 2);
    RETURN_IF_ERROR(CountAt(service, stub, day, is_today, {tenants.begin(), half}));
    return CountAt(service, stub, day, is_today, {half, tenants.end()});
  }
  RETURN_IF_ERROR(reply.status());
  const std::vector<UsageCount> counts = CountsOf(*reply);
  RETURN_IF_ERROR(door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    UsageStore::SaveDay(tx, day, counts);
    if (is_today) UsageStore::SaveNow(tx, counts, clock_.Now());
    return absl::OkStatus();
  }));
  if (reply->uncounted_tenant_ids().empty()) return absl::OkStatus();
  return Error(
      absl::StatusCode::kUnavailable, "NOT_COUNTED",
      StrCat(service, " could not count ", reply->uncounted_tenant_ids_size(), " of the tenants"));
}

absl::Status UsageCounter::ApplyAll(bool recount) {
  absl::Status failed;
  std::vector<QuotaSetting> page;
  do {
    const QuotaSetting after = page.empty() ? QuotaSetting() : page.back();
    ASSIGN_OR_RETURN(page, door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
      return UsageStore::ListQuotas(tx, after, kTenantsAtOnce);
    }));
    for (const QuotaSetting& quota : page) {
      RETURN_IF_ERROR(HoldOn());
      failed.Update(ApplyAgain(quota, recount));
    }
  } while (page.size() == kTenantsAtOnce);
  return failed;
}

absl::Status UsageCounter::ApplyAgain(const QuotaSetting& listed, bool recount) {
  // Pages take a while, in which operators set others.
  ASSIGN_OR_RETURN(const std::optional<QuotaSetting> now,
                   door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
                     return UsageStore::FindQuota(tx, listed.tenant, listed.meter);
                   }));
  if (!now) return absl::OkStatus();
  return Apply(CallFor(now->tenant, absl::Now() + kCountTimeout), *now, recount);
}

absl::Status UsageCounter::Apply(const CallContext& call, const QuotaSetting& quota, bool recount) {
  const KnownMeter* known = FindMeter(usage::MeterOf(quota.meter));
  const auto peer = known == nullptr ? peers_.end() : peers_.find(std::string(known->service));
  if (peer == peers_.end()) {
    return Error(absl::StatusCode::kUnavailable, "NOT_COUNTED", "no service counts this");
  }
  usage::v1::ApplyQuotaRequest request;
  request.set_meter(known->id);
  request.set_recount(recount);
  if (quota.most) request.set_limit(*quota.most);
  RETURN_IF_ERROR(
      rpc::Invoke(call, *peer->second, &MeterService::Stub::ApplyQuota, request).status());
  if (quota.most) return absl::OkStatus();
  return door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    UsageStore::ForgetCleared(tx, quota);
    return absl::OkStatus();
  });
}

}  // namespace kasbah::tenantdata
