#include "services/audit/rpc/incident_service.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/audit/rpc/period.h"
#include "services/audit/rpc/proto_conversion.h"

namespace kasbah::audit {
namespace {

constexpr int kMostListed = 1000;
constexpr std::string_view kKindPrefix = "KIND_";

std::optional<std::string> TextOf(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

v1::Incident::State StateOf(const Incident& incident) {
  if (incident.closed_at) return v1::Incident::STATE_CLOSED;
  if (!incident.searched_at) return v1::Incident::STATE_SEARCHING;
  if (incident.told_at) return v1::Incident::STATE_NOTIFIED;
  return incident.message ? v1::Incident::STATE_NOTIFYING : v1::Incident::STATE_SEARCHED;
}

v1::Incident ProtoOf(const Incident& incident) {
  v1::Incident proto;
  proto.set_incident_id(incident.id.ToString());
  proto.set_title(incident.title);
  proto.set_state(StateOf(incident));
  *proto.mutable_start_time() = ToTimestamp(incident.start);
  *proto.mutable_end_time() = ToTimestamp(incident.end);
  proto.mutable_pattern()->set_actor_id(incident.actor_id.value_or(""));
  proto.mutable_pattern()->set_key_id(incident.key_id.value_or(""));
  proto.mutable_pattern()->set_source_address(incident.source.value_or(""));
  *proto.mutable_detected_time() = ToTimestamp(incident.detected_at);
  *proto.mutable_due_time() = ToTimestamp(incident.due_at);
  if (incident.authority_at) *proto.mutable_authority_time() = ToTimestamp(*incident.authority_at);
  if (incident.told_at) *proto.mutable_told_time() = ToTimestamp(*incident.told_at);
  if (incident.closed_at) *proto.mutable_close_time() = ToTimestamp(*incident.closed_at);
  proto.set_affected_tenants(static_cast<uint32_t>(incident.tenants));
  proto.set_events(incident.events);
  return proto;
}

v1::IncidentEntry ProtoOf(const IncidentEntry& entry) {
  v1::IncidentEntry proto;
  v1::IncidentEntry::Kind kind = v1::IncidentEntry::KIND_UNSPECIFIED;
  if (v1::IncidentEntry::Kind_Parse(std::string(kKindPrefix) + entry.kind, &kind)) {
    proto.set_kind(kind);
  }
  proto.set_text(entry.text);
  proto.set_made_by(entry.made_by);
  *proto.mutable_make_time() = ToTimestamp(entry.made_at);
  return proto;
}

}  // namespace

IncidentService::IncidentService(rpc::Pipeline& pipeline, IncidentRegistry& incidents,
                                 const Clock& clock)
    : pipeline_(pipeline), incidents_(incidents), clock_(clock) {}

absl::StatusOr<v1::Incident> IncidentService::Open(const rpc::Call& call,
                                                   const v1::OpenIncidentRequest& request) {
  ASSIGN_OR_RETURN(const Period period, PeriodOf(request));
  const v1::Pattern& pattern = request.pattern();
  if (pattern.actor_id().empty() && pattern.key_id().empty() && pattern.source_address().empty()) {
    return InvalidField("pattern", "needs an actor, a key or a source address");
  }
  Incident incident;
  incident.title = request.title();
  incident.start = period.start;
  incident.end = period.end;
  incident.actor_id = TextOf(pattern.actor_id());
  incident.key_id = TextOf(pattern.key_id());
  incident.source = TextOf(pattern.source_address());
  incident.detected_at = clock_.Now();
  if (request.has_detected_time()) {
    ASSIGN_OR_RETURN(const absl::Time detected,
                     FromTimestamp(request.detected_time(), "detected_time"));
    if (detected > incident.detected_at) {
      return InvalidField("detected_time", "must not be in the future");
    }
    incident.detected_at = detected;
  }
  ASSIGN_OR_RETURN(const Incident opened, incidents_.Open(call, std::move(incident)));
  return ProtoOf(opened);
}

absl::StatusOr<v1::GetIncidentResponse> IncidentService::Get(
    const rpc::Call& call, const v1::GetIncidentRequest& request) {
  ASSIGN_OR_RETURN(const IncidentId id, IncidentId::Parse(request.incident_id()));
  std::vector<IncidentEntry> entries;
  ASSIGN_OR_RETURN(const Incident incident, incidents_.Get(call, id, &entries));
  v1::GetIncidentResponse reply;
  *reply.mutable_incident() = ProtoOf(incident);
  for (const IncidentEntry& entry : entries) *reply.add_entries() = ProtoOf(entry);
  return reply;
}

absl::StatusOr<v1::ListIncidentsResponse> IncidentService::List(const rpc::Call& call,
                                                                const v1::ListIncidentsRequest&) {
  ASSIGN_OR_RETURN(const std::vector<Incident> incidents, incidents_.List(call, kMostListed));
  v1::ListIncidentsResponse reply;
  for (const Incident& incident : incidents) *reply.add_incidents() = ProtoOf(incident);
  return reply;
}

absl::StatusOr<v1::ListAffectedTenantsResponse> IncidentService::ListTenants(
    const rpc::Call& call, const v1::ListAffectedTenantsRequest& request) {
  ASSIGN_OR_RETURN(const IncidentId id, IncidentId::Parse(request.incident_id()));
  ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  TenantId after;
  if (!request.page_token().empty()) {
    const absl::StatusOr<TenantId> last = TenantId::Parse(request.page_token());
    if (!last.ok()) {
      return InvalidField("page_token", "must be the next_page_token of an earlier page");
    }
    after = *last;
  }
  ASSIGN_OR_RETURN(const std::vector<AffectedTenant> tenants,
                   incidents_.ListTenants(call, id, after, size + 1));
  v1::ListAffectedTenantsResponse reply;
  for (const AffectedTenant& tenant : tenants) {
    if (reply.tenants_size() == size) {
      reply.set_next_page_token(reply.tenants().rbegin()->tenant_id());
      break;
    }
    v1::AffectedTenant& proto = *reply.add_tenants();
    proto.set_tenant_id(tenant.tenant.ToString());
    proto.set_events(tenant.events);
    *proto.mutable_first_time() = ToTimestamp(tenant.first_at);
    *proto.mutable_last_time() = ToTimestamp(tenant.last_at);
    if (tenant.told_at) *proto.mutable_told_time() = ToTimestamp(*tenant.told_at);
  }
  return reply;
}

absl::StatusOr<v1::Incident> IncidentService::Notify(const rpc::Call& call,
                                                     const v1::NotifyTenantsRequest& request) {
  ASSIGN_OR_RETURN(const IncidentId id, IncidentId::Parse(request.incident_id()));
  ASSIGN_OR_RETURN(const Incident incident, incidents_.Notify(call, id, request.message()));
  return ProtoOf(incident);
}

absl::StatusOr<v1::IncidentEntry> IncidentService::AddEntry(
    const rpc::Call& call, const v1::AddIncidentEntryRequest& request) {
  ASSIGN_OR_RETURN(const IncidentId id, IncidentId::Parse(request.incident_id()));
  if (request.kind() != v1::IncidentEntry::KIND_NOTE &&
      request.kind() != v1::IncidentEntry::KIND_DECISION &&
      request.kind() != v1::IncidentEntry::KIND_AUTHORITY_NOTIFIED) {
    return InvalidField("kind", "must be NOTE, DECISION or AUTHORITY_NOTIFIED");
  }
  const std::string kind = v1::IncidentEntry::Kind_Name(request.kind()).substr(kKindPrefix.size());
  ASSIGN_OR_RETURN(
      const IncidentEntry entry,
      incidents_.AddEntry(call, id, kind, request.text(),
                          request.kind() == v1::IncidentEntry::KIND_AUTHORITY_NOTIFIED));
  return ProtoOf(entry);
}

absl::StatusOr<v1::Incident> IncidentService::Close(const rpc::Call& call,
                                                    const v1::CloseIncidentRequest& request) {
  ASSIGN_OR_RETURN(const IncidentId id, IncidentId::Parse(request.incident_id()));
  ASSIGN_OR_RETURN(const Incident incident, incidents_.Close(call, id, request.reason()));
  return ProtoOf(incident);
}

}  // namespace kasbah::audit
