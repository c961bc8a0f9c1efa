#include "libs/usage/meter_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/base/day.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "libs/usage/meter_name.h"

namespace kasbah::usage {
namespace {

using postgres::AnyStateToken;
using postgres::Pending;
using postgres::Result;
using postgres::Transaction;
using postgres::UnauditedToken;

std::optional<uint64_t> LimitOf(const v1::ApplyQuotaRequest& request) {
  return request.has_limit() ? std::make_optional(request.limit()) : std::nullopt;
}

}  // namespace

MeterService::MeterService(rpc::Pipeline& pipeline, postgres::Database& database,
                           outbox::Outbox& outbox, const Clock& clock,
                           const QuotaStatements& quotas, std::vector<Meter> meters)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      clock_(clock),
      quotas_(quotas),
      meters_(std::move(meters)) {}

absl::StatusOr<v1::CountUsageResponse> MeterService::Count(const rpc::Call& call,
                                                           const v1::CountUsageRequest& request) {
  ASSIGN_OR_RETURN(const absl::Time day, ParseDay(request.date(), "date"));
  v1::CountUsageResponse reply;
  std::vector<const Meter*> meters;
  for (const Meter& meter : meters_) {
    if (!meter.is_held || request.with_held()) meters.push_back(&meter);
  }
  if (meters.empty()) return reply;
  for (const std::string& id : request.tenant_ids()) {
    CallContext own = call;
    ASSIGN_OR_RETURN(own.tenant, TenantId::Parse(id));
    // One tenant's database may be away, or the tenant be gone, and the others are still counted.
    if (!CountTenant(own, day, meters, &reply).ok()) reply.add_uncounted_tenant_ids(id);
  }
  return reply;
}

absl::Status MeterService::CountTenant(const CallContext& call, absl::Time day,
                                       const std::vector<const Meter*>& meters,
                                       v1::CountUsageResponse* reply) {
  using Counts = std::vector<int64_t>;
  ASSIGN_OR_RETURN(
      const Counts counts,
      database_.WithTenantInAnyState(
          call, AnyStateToken::ForLifecycle(), [&](Transaction& tx) -> Pending<Counts> {
            std::vector<Pending<int64_t>> pending;
            for (const Meter* meter : meters) {
              pending.push_back(meter->count(tx, call.tenant, day, NextDay(day)));
            }
            return tx.AfterCommit([pending = std::move(pending)]() -> absl::StatusOr<Counts> {
              Counts taken;
              for (const Pending<int64_t>& one : pending) {
                ASSIGN_OR_RETURN(const int64_t count, one.Take());
                taken.push_back(count);
              }
              return taken;
            });
          }));
  for (size_t i = 0; i < meters.size(); ++i) {
    v1::CountUsageResponse::Count& count = *reply->add_counts();
    count.set_tenant_id(call.tenant.ToString());
    count.set_meter(meters[i]->id);
    count.set_quantity(counts[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ApplyQuotaResponse> MeterService::Apply(const rpc::Call& call,
                                                           const v1::ApplyQuotaRequest& request) {
  const auto meter = std::find_if(meters_.begin(), meters_.end(), [&](const Meter& one) {
    return one.id == request.meter() && one.limit != Meter::Limit::kNone;
  });
  if (meter == meters_.end()) {
    return InvalidField("meter", "is not one that this service limits");
  }
  const std::optional<uint64_t> limit = LimitOf(request);
  ASSIGN_OR_RETURN(const bool is_another, Change(call, *meter, limit));
  if (!limit || !(is_another || request.recount())) return v1::ApplyQuotaResponse();
  // Counted anew: what was being written when the limit came did not see it.
  const absl::Status counted =
      database_.WithTenantUnaudited(call, UnauditedToken::ForBookkeeping(),
                                    [&](Transaction& tx) { return Put(tx, call, *meter, *limit); });
  // Nobody writes for a tenant that is refused.
  if (!counted.ok() && !IsTenantRefused(counted)) return counted;
  return v1::ApplyQuotaResponse();
}

absl::StatusOr<bool> MeterService::Change(const CallContext& call, const Meter& meter,
                                          const std::optional<uint64_t>& limit) {
  const std::string name = NameOf(meter.id);
  const auto change = [&](Transaction& tx) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const Result found, tx.Run(quotas_.get, call.tenant, name).Await());
    const std::optional<uint64_t> before =
        found.size() == 0 ? std::nullopt : std::make_optional(found[0].Get<uint64_t>(0));
    if (before == limit) return false;
    if (limit) {
      RETURN_IF_ERROR(Put(tx, call, meter, *limit));
    } else {
      if (meter.limit == Meter::Limit::kSlots) tx.Run(quotas_.remove_slots, call.tenant, name);
      tx.Run(quotas_.remove, call.tenant, name);
    }
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "quota.apply", {"meter", name, ""},
                          {{"limit", limit ? StrCat(*limit) : std::string("none")}})));
    return true;
  };
  return database_.WithTenantInAnyState(call, AnyStateToken::ForLifecycle(), change);
}

absl::Status MeterService::Put(Transaction& tx, const CallContext& call, const Meter& meter,
                               uint64_t limit) {
  const std::string name = NameOf(meter.id);
  const bool has_slots = meter.limit == Meter::Limit::kSlots;
  if (has_slots) {
    tx.Run(quotas_.add_slots, call.tenant, name);
    tx.Run(quotas_.lock_slots, call.tenant, name);
  }
  tx.Run(quotas_.lock, call.tenant, name);
  const absl::Time now = clock_.Now();
  // Sees what whoever held the locks has committed.
  ASSIGN_OR_RETURN(const int64_t count,
                   meter.count(tx, call.tenant, MonthOf(now), NextDay(DayOf(now))).Await());
  tx.Run(quotas_.put, call.tenant, name, limit, MonthOf(now), meter.is_held ? 0 : count);
  if (has_slots) tx.Run(quotas_.deal, call.tenant, name, count);
  return absl::OkStatus();
}

}  // namespace kasbah::usage
