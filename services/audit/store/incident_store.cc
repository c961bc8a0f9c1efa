#include "services/audit/store/incident_store.h"

namespace kasbah::audit::incident_store {
namespace {

using postgres::Access;
using postgres::Statement;

#define AUDIT_INCIDENT                                                                          \
  "SELECT i.incident_id, i.title, i.start_time, i.end_time, i.actor_id, i.key_id, i.source, "   \
  "i.detected_at, i.due_at, i.opened_at, i.searched_at, i.message, i.told_at, i.authority_at, " \
  "i.closed_at, t.tenants, t.events FROM audit.incident i CROSS JOIN LATERAL ("                 \
  "SELECT count(*) AS tenants, coalesce(sum(events), 0)::bigint AS events "                     \
  "FROM audit.incident_tenant a WHERE a.incident_id = i.incident_id) t "

constexpr Statement kInsert = {"incident.insert", R"sql(
  INSERT INTO audit.incident (incident_id, title, start_time, end_time, actor_id, key_id, source,
                              detected_at, due_at, opened_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))sql",
                               Access::kWrite};

constexpr Statement kGet = {"incident.get", AUDIT_INCIDENT "WHERE i.incident_id = $1"};

constexpr Statement kList = {"incident.list",
                             AUDIT_INCIDENT "ORDER BY i.incident_id DESC LIMIT $1"};

constexpr Statement kLock = {"incident.lock", R"sql(
  SELECT closed_at IS NULL FROM audit.incident WHERE incident_id = $1 FOR UPDATE)sql",
                             Access::kWrite};

constexpr Statement kAddEntry = {"incident.add_entry", R"sql(
  INSERT INTO audit.incident_entry (incident_id, entry, kind, text, made_by, made_at)
  SELECT $1, coalesce(max(entry), 0) + 1, $2, $3, $4, $5
  FROM audit.incident_entry WHERE incident_id = $1)sql",
                                 Access::kWrite};

constexpr Statement kListEntries = {"incident.list_entries", R"sql(
  SELECT kind, text, made_by, made_at FROM audit.incident_entry
  WHERE incident_id = $1 ORDER BY entry)sql"};

constexpr Statement kListTenants = {"incident.list_tenants", R"sql(
  SELECT tenant_id, events, first_at, last_at, told_at FROM audit.incident_tenant
  WHERE incident_id = $1 AND tenant_id > $2 ORDER BY tenant_id LIMIT $3)sql"};

constexpr Statement kSetMessage = {"incident.set_message", R"sql(
  UPDATE audit.incident SET message = $2, told_at = NULL WHERE incident_id = $1)sql",
                                   Access::kWrite};

constexpr Statement kSetAuthority = {"incident.set_authority", R"sql(
  UPDATE audit.incident SET authority_at = $2
  WHERE incident_id = $1 AND authority_at IS NULL)sql",
                                     Access::kWrite};

constexpr Statement kClose = {"incident.close", R"sql(
  UPDATE audit.incident SET closed_at = $2 WHERE incident_id = $1)sql",
                              Access::kWrite};

constexpr Statement kCountClocks = {"incident.count_clocks", R"sql(
  SELECT count(*), count(*) FILTER (WHERE authority_at IS NULL AND due_at < $1)
  FROM audit.incident WHERE closed_at IS NULL)sql"};

Incident IncidentOf(const postgres::Row& row) {
  Incident incident;
  incident.id = row.Get<IncidentId>(0);
  incident.title = row.Get<std::string>(1);
  incident.start = row.Get<absl::Time>(2);
  incident.end = row.Get<absl::Time>(3);
  incident.actor_id = row.Get<std::optional<std::string>>(4);
  incident.key_id = row.Get<std::optional<std::string>>(5);
  incident.source = row.Get<std::optional<std::string>>(6);
  incident.detected_at = row.Get<absl::Time>(7);
  incident.due_at = row.Get<absl::Time>(8);
  incident.opened_at = row.Get<absl::Time>(9);
  incident.searched_at = row.Get<std::optional<absl::Time>>(10);
  incident.message = row.Get<std::optional<std::string>>(11);
  incident.told_at = row.Get<std::optional<absl::Time>>(12);
  incident.authority_at = row.Get<std::optional<absl::Time>>(13);
  incident.closed_at = row.Get<std::optional<absl::Time>>(14);
  incident.tenants = row.Get<uint64_t>(15);
  incident.events = row.Get<uint64_t>(16);
  return incident;
}

}  // namespace

void Insert(postgres::Transaction& tx, const Incident& incident) {
  tx.Run(kInsert, incident.id, incident.title, incident.start, incident.end, incident.actor_id,
         incident.key_id, incident.source, incident.detected_at, incident.due_at,
         incident.opened_at);
}

postgres::Pending<Incident> Get(postgres::Transaction& tx, IncidentId id) {
  return tx.RunForOne(kGet, "incident", IncidentOf, id);
}

postgres::Pending<std::vector<Incident>> List(postgres::Transaction& tx, int limit) {
  return tx.Run(kList, limit).Map([](const postgres::Result& result) {
    std::vector<Incident> incidents;
    for (const postgres::Row row : result) incidents.push_back(IncidentOf(row));
    return incidents;
  });
}

postgres::Pending<bool> Lock(postgres::Transaction& tx, IncidentId id) {
  return tx.RunForOne(
      kLock, "incident", [](const postgres::Row& row) { return row.Get<bool>(0); }, id);
}

void AddEntry(postgres::Transaction& tx, IncidentId id, const IncidentEntry& entry) {
  tx.Run(kAddEntry, id, entry.kind, entry.text, entry.made_by, entry.made_at);
}

postgres::Pending<std::vector<IncidentEntry>> ListEntries(postgres::Transaction& tx,
                                                          IncidentId id) {
  return tx.Run(kListEntries, id).Map([](const postgres::Result& result) {
    std::vector<IncidentEntry> entries;
    for (const postgres::Row row : result) {
      entries.push_back({row.Get<std::string>(0), row.Get<std::string>(1), row.Get<std::string>(2),
                         row.Get<absl::Time>(3)});
    }
    return entries;
  });
}

postgres::Pending<std::vector<AffectedTenant>> ListTenants(postgres::Transaction& tx, IncidentId id,
                                                           TenantId after, int limit) {
  return tx.Run(kListTenants, id, after, limit).Map([](const postgres::Result& result) {
    std::vector<AffectedTenant> tenants;
    for (const postgres::Row row : result) {
      tenants.push_back({row.Get<TenantId>(0), row.Get<uint64_t>(1), row.Get<absl::Time>(2),
                         row.Get<absl::Time>(3), row.Get<std::optional<absl::Time>>(4)});
    }
    return tenants;
  });
}

void SetMessage(postgres::Transaction& tx, IncidentId id, const std::string& message) {
  tx.Run(kSetMessage, id, message);
}

void SetAuthority(postgres::Transaction& tx, IncidentId id, absl::Time now) {
  tx.Run(kSetAuthority, id, now);
}

void Close(postgres::Transaction& tx, IncidentId id, absl::Time now) { tx.Run(kClose, id, now); }

postgres::Pending<ClockCounts> CountClocks(postgres::Transaction& tx, absl::Time soon) {
  return tx.RunForOne(
      kCountClocks, "incident",
      [](const postgres::Row& row) {
        return ClockCounts{row.Get<uint64_t>(0), row.Get<uint64_t>(1)};
      },
      soon);
}

}  // namespace kasbah::audit::incident_store
