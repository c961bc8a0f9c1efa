#include "services/audit/store/incident_search_store.h"

namespace kasbah::audit::incident_search_store {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kTake = {"incident_search.take", R"sql(
  SELECT incident_id, start_time, end_time, actor_id, key_id, source, at_tenant, next_seq, past_seq
  FROM audit.incident WHERE searched_at IS NULL AND closed_at IS NULL
  ORDER BY incident_id LIMIT 1 FOR UPDATE SKIP LOCKED)sql",
                             Access::kWrite};

constexpr Statement kNextTenant = {"incident_search.next_tenant", R"sql(
  SELECT tenant_id FROM audit.log_head WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1)sql"};

constexpr Statement kEnter = {"incident_search.enter", R"sql(
  SELECT (SELECT seq FROM audit.event WHERE tenant_id = $1 AND recorded_at >= $2
          ORDER BY recorded_at, seq LIMIT 1),
         (SELECT seq FROM audit.event WHERE tenant_id = $1 AND recorded_at < $3
          ORDER BY recorded_at DESC, seq DESC LIMIT 1))sql"};

constexpr Statement kMatch = {"incident_search.match", R"sql(
  SELECT count(*), min(recorded_at), max(recorded_at) FROM audit.event
  WHERE tenant_id = $1 AND seq >= $2 AND seq < $3 AND recorded_at >= $4 AND recorded_at < $5
    AND ($6 IS NULL OR actor_id = $6) AND ($7 IS NULL OR actor_id = $7 OR target_id = $7)
    AND ($8 IS NULL OR source_address = $8))sql"};

constexpr Statement kAddMatch = {"incident_search.add_match", R"sql(
  INSERT INTO audit.incident_tenant AS t (incident_id, tenant_id, events, first_at, last_at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (incident_id, tenant_id) DO UPDATE
  SET events = t.events + EXCLUDED.events, first_at = least(t.first_at, EXCLUDED.first_at),
      last_at = greatest(t.last_at, EXCLUDED.last_at))sql",
                                 Access::kWrite};

constexpr Statement kSave = {"incident_search.save", R"sql(
  UPDATE audit.incident SET at_tenant = $2, next_seq = $3, past_seq = $4
  WHERE incident_id = $1)sql",
                             Access::kWrite};

constexpr Statement kFinish = {"incident_search.finish", R"sql(
  UPDATE audit.incident SET searched_at = $2 WHERE incident_id = $1)sql",
                               Access::kWrite};

// A tenant is told what was found, so once its trail is searched.
constexpr Statement kTakeUntold = {"incident_search.take_untold", R"sql(
  SELECT t.incident_id, t.tenant_id, t.events, t.first_at, t.last_at, i.message, i.start_time,
         i.end_time
  FROM audit.incident_tenant t JOIN audit.incident i ON i.incident_id = t.incident_id
  WHERE t.told_at IS NULL AND i.message IS NOT NULL
    AND (i.searched_at IS NOT NULL OR t.tenant_id < i.at_tenant)
  ORDER BY t.incident_id, t.tenant_id LIMIT 1 FOR UPDATE OF t SKIP LOCKED)sql",
                                   Access::kWrite};

constexpr Statement kSetTold = {"incident_search.set_told", R"sql(
  UPDATE audit.incident_tenant SET told_at = $3 WHERE incident_id = $1 AND tenant_id = $2)sql",
                                Access::kWrite};

constexpr Statement kFinishTelling = {"incident_search.finish_telling", R"sql(
  UPDATE audit.incident SET told_at = $1 WHERE incident_id = (
    SELECT i.incident_id FROM audit.incident i
    WHERE i.message IS NOT NULL AND i.told_at IS NULL AND i.searched_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM audit.incident_tenant t
                      WHERE t.incident_id = i.incident_id AND t.told_at IS NULL)
    ORDER BY i.incident_id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING incident_id)sql",
                                      Access::kWrite};

Place PlaceOf(const postgres::Row& row) {
  Place place;
  place.incident.id = row.Get<IncidentId>(0);
  place.incident.start = row.Get<absl::Time>(1);
  place.incident.end = row.Get<absl::Time>(2);
  place.incident.actor_id = row.Get<std::optional<std::string>>(3);
  place.incident.key_id = row.Get<std::optional<std::string>>(4);
  place.incident.source = row.Get<std::optional<std::string>>(5);
  place.tenant = row.Get<TenantId>(6);
  place.next = row.Get<std::optional<uint64_t>>(7);
  place.past = row.Get<std::optional<uint64_t>>(8).value_or(0);
  return place;
}

}  // namespace

postgres::Pending<std::optional<Place>> Take(postgres::Transaction& tx) {
  return tx.Run(kTake).Map([](const postgres::Result& result) -> std::optional<Place> {
    if (result.empty()) return std::nullopt;
    return PlaceOf(result[0]);
  });
}

postgres::Pending<std::optional<TenantId>> NextTenant(postgres::Transaction& tx, TenantId after) {
  return tx.Run(kNextTenant, after)
      .Map([](const postgres::Result& result) -> std::optional<TenantId> {
        if (result.empty()) return std::nullopt;
        return result[0].Get<TenantId>(0);
      });
}

postgres::Pending<Place> Enter(postgres::Transaction& tx, const Place& place, TenantId tenant) {
  Place between = place;
  between.tenant = tenant;
  between.next.reset();
  return tx.RunForOne(
      kEnter, "log",
      [between](const postgres::Row& row) {
        Place at = between;
        const auto first = row.Get<std::optional<uint64_t>>(0);
        const auto last = row.Get<std::optional<uint64_t>>(1);
        if (first && last && *first <= *last) {
          at.next = first;
          at.past = *last + 1;
        }
        return at;
      },
      tenant, place.incident.start, place.incident.end);
}

postgres::Pending<AffectedTenant> Match(postgres::Transaction& tx, const Place& place,
                                        uint64_t past) {
  const Incident& incident = place.incident;
  return tx.RunForOne(
      kMatch, "event",
      [tenant = place.tenant](const postgres::Row& row) {
        AffectedTenant found;
        found.tenant = tenant;
        found.events = row.Get<uint64_t>(0);
        if (found.events > 0) {
          found.first_at = row.Get<absl::Time>(1);
          found.last_at = row.Get<absl::Time>(2);
        }
        return found;
      },
      place.tenant, *place.next, past, incident.start, incident.end, incident.actor_id,
      incident.key_id, incident.source);
}

void AddMatch(postgres::Transaction& tx, IncidentId id, const AffectedTenant& found) {
  tx.Run(kAddMatch, id, found.tenant, found.events, found.first_at, found.last_at);
}

void Save(postgres::Transaction& tx, const Place& place) {
  tx.Run(kSave, place.incident.id, place.tenant, place.next, place.past);
}

void Finish(postgres::Transaction& tx, IncidentId id, absl::Time now) { tx.Run(kFinish, id, now); }

postgres::Pending<std::optional<Untold>> TakeUntold(postgres::Transaction& tx) {
  return tx.Run(kTakeUntold).Map([](const postgres::Result& result) -> std::optional<Untold> {
    if (result.empty()) return std::nullopt;
    const postgres::Row row = result[0];
    return Untold{row.Get<IncidentId>(0),
                  {row.Get<TenantId>(1), row.Get<uint64_t>(2), row.Get<absl::Time>(3),
                   row.Get<absl::Time>(4), std::nullopt},
                  row.Get<std::string>(5),
                  row.Get<absl::Time>(6),
                  row.Get<absl::Time>(7)};
  });
}

void SetTold(postgres::Transaction& tx, const Untold& told, absl::Time now) {
  tx.Run(kSetTold, told.incident, told.affected.tenant, now);
}

postgres::Pending<std::optional<IncidentId>> FinishTelling(postgres::Transaction& tx,
                                                           absl::Time now) {
  return tx.Run(kFinishTelling, now)
      .Map([](const postgres::Result& result) -> std::optional<IncidentId> {
        if (result.empty()) return std::nullopt;
        return result[0].Get<IncidentId>(0);
      });
}

}  // namespace kasbah::audit::incident_search_store
