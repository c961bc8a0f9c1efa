#include "services/audit/incidents/incident_search.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/merkle/leaf.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::audit {
namespace {

using incident_search_store::Place;
using incident_search_store::Untold;
using postgres::Transaction;

constexpr absl::Duration kTimeout = absl::Seconds(50);
// How long before its end a clock alarms.
constexpr absl::Duration kSoon = absl::Hours(12);
constexpr char kSelf[] = "service/audit";

constexpr postgres::Statement kEnter = {"incident_search.enter_tenant",
                                        "SELECT core.enter_any_state($1, 'all')"};

CallContext CallFor(TenantId tenant) {
  return CallContext::ForBackground(kSelf, tenant, absl::Now() + kTimeout);
}

// What an owner's systems are sent.
outbox::v1::ChangeEvent MessageOf(const CallContext& call, const Clock& clock,
                                  const Untold& untold) {
  outbox::v1::ChangeEvent change =
      outbox::Change(call, clock, "security.incident", untold.incident.ToString(), 1);
  auto& fields = *change.mutable_data()->mutable_fields();
  fields["incident_id"].set_string_value(untold.incident.ToString());
  fields["message"].set_string_value(untold.message);
  fields["start_time"].set_string_value(merkle::FormatLogTime(untold.start));
  fields["end_time"].set_string_value(merkle::FormatLogTime(untold.end));
  fields["events"].set_number_value(static_cast<double>(untold.affected.events));
  fields["first_time"].set_string_value(merkle::FormatLogTime(untold.affected.first_at));
  fields["last_time"].set_string_value(merkle::FormatLogTime(untold.affected.last_at));
  return change;
}

}  // namespace

absl::Status IncidentSearch::RunOnce() {
  while (true) {
    ASSIGN_OR_RETURN(const bool more, Step());
    if (!more) break;
  }
  while (true) {
    ASSIGN_OR_RETURN(const bool more, TellOne());
    if (!more) break;
  }
  RETURN_IF_ERROR(FinishTelling());
  return ShowClocks();
}

absl::StatusOr<bool> IncidentSearch::Step() {
  return door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(std::optional<Place> place, incident_search_store::Take(tx).Await());
    if (!place) return false;
    if (!place->next) {
      ASSIGN_OR_RETURN(const std::optional<TenantId> tenant,
                       incident_search_store::NextTenant(tx, place->tenant).Await());
      if (!tenant) {
        incident_search_store::Finish(tx, place->incident.id, clock_.Now());
        RETURN_IF_ERROR(
            AppendState(tx, place->incident.id, "incident.searched", "every trail was searched"));
        return true;
      }
      ASSIGN_OR_RETURN(place, incident_search_store::Enter(tx, *place, *tenant).Await());
    }
    if (place->next) {
      const uint64_t past = std::min(place->past, *place->next + options_.page);
      ASSIGN_OR_RETURN(const AffectedTenant found,
                       incident_search_store::Match(tx, *place, past).Await());
      if (found.events > 0) incident_search_store::AddMatch(tx, place->incident.id, found);
      place->next = past < place->past ? std::optional<uint64_t>(past) : std::nullopt;
    }
    incident_search_store::Save(tx, *place);
    return true;
  });
}

absl::StatusOr<bool> IncidentSearch::TellOne() {
  return door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const std::optional<Untold> untold,
                     incident_search_store::TakeUntold(tx).Await());
    if (!untold) return false;
    const CallContext call = CallFor(untold->affected.tenant);
    incident_search_store::SetTold(tx, *untold, clock_.Now());
    tx.Run(kEnter, call.tenant);
    RETURN_IF_ERROR(outbox_.AppendChange(tx, call, MessageOf(call, clock_, *untold)));
    RETURN_IF_ERROR(
        outbox_.AppendAudit(tx, call,
                            outbox::Succeeded(call, clock_, "incident.notify",
                                              {"incident", untold->incident.ToString(), ""},
                                              {{"events", StrCat(untold->affected.events)}})));
    return true;
  });
}

absl::Status IncidentSearch::FinishTelling() {
  bool more = true;
  while (more) {
    ASSIGN_OR_RETURN(
        more, door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) -> absl::StatusOr<bool> {
          ASSIGN_OR_RETURN(const std::optional<IncidentId> told,
                           incident_search_store::FinishTelling(tx, clock_.Now()).Await());
          if (!told) return false;
          RETURN_IF_ERROR(AppendState(tx, *told, "incident.notified",
                                      "the owners of every affected tenant were told"));
          return true;
        }));
  }
  return absl::OkStatus();
}

absl::Status IncidentSearch::AppendState(Transaction& tx, IncidentId id, std::string_view action,
                                         const std::string& text) {
  const CallContext call = CallFor(kSystemTenant);
  incident_store::AddEntry(tx, id, {"STATE", text, kSelf, clock_.Now()});
  tx.Run(kEnter, call.tenant);
  return outbox_.AppendAudit(
      tx, call, outbox::Succeeded(call, clock_, action, {"incident", id.ToString(), ""}));
}

absl::Status IncidentSearch::ShowClocks() {
  static telemetry::Gauge& open =
      telemetry::GetGauge("kasbah_audit_incidents_open", "Incidents that are not closed");
  static telemetry::Gauge& due_soon = telemetry::GetGauge(
      "kasbah_audit_incidents_due_soon",
      "Open incidents with less than 12 hours left to notify the authority, or none: act");
  ASSIGN_OR_RETURN(const incident_store::ClockCounts counts,
                   door_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
                     return incident_store::CountClocks(tx, clock_.Now() + kSoon);
                   }));
  open.Set(static_cast<double>(counts.open));
  if (counts.due_soon > 0 && due_soon.value() == 0) {
    telemetry::LogError("an incident's time to notify the authority runs out",
                        {{"incidents", counts.due_soon}});
  }
  due_soon.Set(static_cast<double>(counts.due_soon));
  return absl::OkStatus();
}

}  // namespace kasbah::audit
