#include "services/audit/incidents/incident_registry.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"

namespace kasbah::audit {
namespace {

using postgres::Pending;
using postgres::Transaction;

constexpr postgres::Statement kEnter = {"incident.enter", "SELECT core.enter_any_state($1, 'all')"};
constexpr char kState[] = "STATE";

}  // namespace

IncidentEntry IncidentRegistry::EntryOf(const CallContext& call, const std::string& kind,
                                        const std::string& text) const {
  return {kind, text, call.actor.id, clock_.Now()};
}

absl::Status IncidentRegistry::AppendEvent(Transaction& tx, const CallContext& call,
                                           std::string_view action, IncidentId id) {
  CallContext own = call;
  own.tenant = kSystemTenant;
  tx.Run(kEnter, own.tenant);
  return outbox_.AppendAudit(
      tx, own, outbox::Succeeded(own, clock_, action, {"incident", id.ToString(), ""}));
}

absl::StatusOr<Incident> IncidentRegistry::Open(const CallContext& call, Incident incident) {
  incident.opened_at = clock_.Now();
  incident.id = IncidentId::New(incident.opened_at);
  incident.due_at = incident.detected_at + kTimeToNotify;
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Pending<Incident>> {
    incident_store::Insert(tx, incident);
    incident_store::AddEntry(tx, incident.id, EntryOf(call, kState, "opened"));
    RETURN_IF_ERROR(AppendEvent(tx, call, "incident.open", incident.id));
    return incident_store::Get(tx, incident.id);
  });
}

absl::StatusOr<Incident> IncidentRegistry::Get(const CallContext& call, IncidentId id,
                                               std::vector<IncidentEntry>* entries) {
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Incident> {
    auto incident = incident_store::Get(tx, id);
    ASSIGN_OR_RETURN(*entries, incident_store::ListEntries(tx, id).Await());
    return incident.Await();
  });
}

absl::StatusOr<std::vector<Incident>> IncidentRegistry::List(const CallContext& call, int limit) {
  return door_.Run(call.deadline, [&](Transaction& tx) { return incident_store::List(tx, limit); });
}

absl::StatusOr<std::vector<AffectedTenant>> IncidentRegistry::ListTenants(const CallContext& call,
                                                                          IncidentId id,
                                                                          TenantId after,
                                                                          int limit) {
  using Tenants = std::vector<AffectedTenant>;
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Tenants> {
    auto incident = incident_store::Get(tx, id);
    ASSIGN_OR_RETURN(Tenants tenants, incident_store::ListTenants(tx, id, after, limit).Await());
    RETURN_IF_ERROR(incident.Await().status());
    return tenants;
  });
}

absl::StatusOr<Incident> IncidentRegistry::Change(const CallContext& call, IncidentId id,
                                                  std::string_view action,
                                                  const IncidentEntry& entry,
                                                  absl::FunctionRef<void(Transaction&)> change) {
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Pending<Incident>> {
    ASSIGN_OR_RETURN(const bool is_open, incident_store::Lock(tx, id).Await());
    if (!is_open) {
      return Error(absl::StatusCode::kFailedPrecondition, "INCIDENT_CLOSED",
                   "the incident is closed");
    }
    change(tx);
    incident_store::AddEntry(tx, id, entry);
    RETURN_IF_ERROR(AppendEvent(tx, call, action, id));
    return incident_store::Get(tx, id);
  });
}

absl::StatusOr<Incident> IncidentRegistry::Notify(const CallContext& call, IncidentId id,
                                                  const std::string& message) {
  return Change(call, id, "incident.notify_tenants",
                EntryOf(call, kState, "owners are told: " + message),
                [&](Transaction& tx) { incident_store::SetMessage(tx, id, message); });
}

absl::StatusOr<IncidentEntry> IncidentRegistry::AddEntry(const CallContext& call, IncidentId id,
                                                         const std::string& kind,
                                                         const std::string& text,
                                                         bool stops_clock) {
  const IncidentEntry entry = EntryOf(call, kind, text);
  RETURN_IF_ERROR(Change(call, id,
                         stops_clock ? "incident.authority_notified" : "incident.add_entry", entry,
                         [&](Transaction& tx) {
                           if (stops_clock) incident_store::SetAuthority(tx, id, entry.made_at);
                         })
                      .status());
  return entry;
}

absl::StatusOr<Incident> IncidentRegistry::Close(const CallContext& call, IncidentId id,
                                                 const std::string& reason) {
  return Change(call, id, "incident.close", EntryOf(call, kState, "closed: " + reason),
                [&](Transaction& tx) { incident_store::Close(tx, id, clock_.Now()); });
}

}  // namespace kasbah::audit
