#include "services/tenant_data/rpc/usage_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "libs/base/day.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/outbox/audit_event.h"
#include "libs/usage/meter_name.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/store/tenant_store.h"
#include "services/tenant_data/store/usage_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Transaction;

// Where a page begins, and what was final when the first of them was read: rows of earlier pages
// may have changed since.
struct Place {
  DayUsage after;
  std::optional<absl::Time> final_before;
};

// "2026-11-28|ten_…|records|2026-11-27": the last row of the page before.
std::string FormatPlace(const DayUsage& last, absl::Time final_before) {
  return StrCat(FormatDay(last.day), "|", last.tenant.ToString(), "|", last.meter, "|",
                FormatDay(final_before));
}

absl::StatusOr<Place> ParsePlace(const std::string& token) {
  const std::vector<std::string> parts = absl::StrSplit(token, '|');
  if (parts.size() == 4) {
    const absl::StatusOr<absl::Time> day = ParseDay(parts[0], "page_token");
    const absl::StatusOr<TenantId> tenant = TenantId::Parse(parts[1]);
    const absl::StatusOr<absl::Time> final_before = ParseDay(parts[3], "page_token");
    if (day.ok() && tenant.ok() && final_before.ok() &&
        usage::MeterOf(parts[2]) != usage::v1::METER_UNSPECIFIED) {
      return Place{{*day, *tenant, parts[2], 0}, *final_before};
    }
  }
  return InvalidField("page_token", "is not of this list");
}

struct ListedUsage {
  std::vector<DayUsage> days;
  absl::Time final_before;
};

v1::TenantUsage::MeterUsage ToProto(const KnownMeter& meter, const MeterState& state) {
  v1::TenantUsage::MeterUsage proto;
  proto.set_meter(meter.id);
  proto.set_quantity(meter.is_held ? state.now.value_or(0) : state.in_month);
  if (state.most) proto.set_limit(*state.most);
  if (state.counted) *proto.mutable_count_time() = ToTimestamp(*state.counted);
  return proto;
}

}  // namespace

absl::StatusOr<v1::ListUsageResponse> UsageService::List(const rpc::Call& call,
                                                         const v1::ListUsageRequest& request) {
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const absl::Time start, ParseDay(request.start_date(), "start_date"));
  ASSIGN_OR_RETURN(const absl::Time end, ParseDay(request.end_date(), "end_date"));
  if (end <= start) return InvalidField("end_date", "must be a day after start_date");
  Place place;
  place.after.day = start;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(place, ParsePlace(request.page_token()));
    if (place.after.day < start) return InvalidField("page_token", "is not of this list");
  }
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(const ListedUsage listed,
                   door_.Run(call.deadline, [&](Transaction& tx) -> Pending<ListedUsage> {
                     // First: what it says is true of the rows that are read after it.
                     auto final_before = UsageStore::FinalBefore(tx);
                     auto days = UsageStore::List(tx, place.after, end, size + 1);
                     return tx.AfterCommit(
                         [days = std::move(days),
                          final_before = std::move(final_before)]() -> absl::StatusOr<ListedUsage> {
                           ListedUsage taken;
                           ASSIGN_OR_RETURN(taken.days, days.Take());
                           ASSIGN_OR_RETURN(taken.final_before, final_before.Take());
                           return taken;
                         });
                   }));
  v1::ListUsageResponse reply;
  const absl::Time final_before = place.final_before.value_or(listed.final_before);
  reply.set_final_before(FormatDay(final_before));
  for (const DayUsage& day : listed.days) {
    if (reply.usage_size() == size) {
      reply.set_next_page_token(
          FormatPlace(listed.days[static_cast<size_t>(size) - 1], final_before));
      break;
    }
    v1::ListUsageResponse::Usage& one = *reply.add_usage();
    one.set_date(FormatDay(day.day));
    one.set_tenant_id(day.tenant.ToString());
    one.set_meter(usage::MeterOf(day.meter));
    one.set_quantity(day.quantity);
  }
  return reply;
}

absl::StatusOr<v1::TenantUsage> UsageService::Get(const rpc::Call& call,
                                                  const v1::GetUsageRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::vector<MeterState> states,
                   door_.Run(call.deadline, [&](Transaction& tx) {
                     TenantStore().EnterActive(tx, call);
                     return UsageStore::OfTenant(tx, call.tenant, MonthOf(clock_.Now()));
                   }));
  v1::TenantUsage reply;
  for (const KnownMeter& meter : kMeters) {
    MeterState found;
    for (const MeterState& state : states) {
      if (state.meter == usage::NameOf(meter.id)) found = state;
    }
    *reply.add_meters() = ToProto(meter, found);
  }
  return reply;
}

absl::StatusOr<v1::Quota> UsageService::Set(const rpc::Call& call,
                                            const v1::SetQuotaRequest& request) {
  const KnownMeter* meter = FindMeter(request.meter());
  if (meter == nullptr || !meter->has_quota) {
    return InvalidField("meter", "is not one that is limited");
  }
  QuotaSetting quota{call.tenant, usage::NameOf(meter->id), std::nullopt, clock_.Now()};
  if (request.has_limit()) quota.most = request.limit();
  RETURN_IF_ERROR(door_.Run(call.deadline, [&](Transaction& tx) -> absl::Status {
    TenantStore tenants;
    tenants.Enter(tx, call.tenant);
    ASSIGN_OR_RETURN(const Tenant tenant, tenants.Get(tx, call.tenant).Await());
    if (tenant.state == TenantState::kClosed || tenant.state == TenantState::kErased) {
      return Error(absl::StatusCode::kPermissionDenied, reason::kTenantClosed,
                   "the tenant is closed");
    }
    UsageStore::SetQuota(tx, quota);
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "quota.set", {"meter", quota.meter, ""},
                          {{"limit", quota.most ? StrCat(*quota.most) : std::string("none")}}));
  }));
  v1::Quota reply;
  reply.set_meter(meter->id);
  if (quota.most) reply.set_limit(*quota.most);
  reply.set_in_force(counter_.Apply(call, quota).ok());
  if (reply.in_force()) return reply;
  RETURN_IF_ERROR(door_.Run(call.deadline, [&](Transaction& tx) {
    UsageStore::CountSoon(tx, clock_.Now());
    return absl::OkStatus();
  }));
  return reply;
}

}  // namespace kasbah::tenantdata
