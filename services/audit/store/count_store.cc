#include "services/audit/store/count_store.h"

#include "libs/usage/quota_statements.h"

namespace kasbah::audit::count_store {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kListBehind = {"counts.list_behind", R"sql(
  SELECT h.tenant_id FROM audit.log_head h
  LEFT JOIN audit.count_cursor c ON c.tenant_id = h.tenant_id
  WHERE h.size - coalesce(c.counted, 0) >= $1
    OR h.size > coalesce(c.counted, 0) AND EXISTS (SELECT FROM audit.quotas q
      WHERE q.tenant_id = h.tenant_id AND q.meter = 'appended_events')
  ORDER BY h.size - coalesce(c.counted, 0) DESC LIMIT $2)sql"};

constexpr Statement kMakeCursors = {"counts.make_cursors", R"sql(
  INSERT INTO audit.count_cursor (tenant_id, counted)
  SELECT tenant_id, 0 FROM unnest($1) AS t (tenant_id) ORDER BY tenant_id
  ON CONFLICT DO NOTHING)sql",
                                    Access::kWrite};

// The cursors' locks come first, in their order. What was committed while they were waited for is
// not seen by the rest, and waits for the next time.
constexpr Statement kAdvance = {"counts.advance", R"sql(
  WITH held AS (
    SELECT tenant_id, counted FROM audit.count_cursor WHERE tenant_id = ANY ($1)
    ORDER BY tenant_id FOR UPDATE
  ), moved AS (
    SELECT held.tenant_id, held.counted AS first, least(h.size, held.counted + $2) AS past
    FROM held JOIN audit.log_head h ON h.tenant_id = held.tenant_id
    WHERE h.size > held.counted
  ), fresh AS (
    SELECT moved.tenant_id, date_trunc('day', e.recorded_at, 'UTC') AS day, e.action,
      count(*) AS events
    FROM moved CROSS JOIN LATERAL (
      SELECT recorded_at, action FROM audit.event
      WHERE tenant_id = moved.tenant_id AND seq >= moved.first AND seq < moved.past
      ORDER BY seq OFFSET 0) e
    GROUP BY 1, 2, 3
  ), added AS (
    INSERT INTO audit.event_count AS c (tenant_id, day, action, events)
    SELECT tenant_id, day, action, events FROM fresh ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, day, action) DO UPDATE SET events = c.events + excluded.events
  ), limited AS (
    SELECT tenant_id, date_trunc('month', day, 'UTC') AS month, sum(events) AS events FROM fresh
    WHERE action >= 'app.' AND action < 'app/' GROUP BY 1, 2
  ), used AS (
    UPDATE audit.quotas q SET )sql" KASBAH_USE_IN("l.month", "l.events") R"sql(
    FROM limited l
    WHERE q.tenant_id = l.tenant_id AND q.meter = 'appended_events' AND l.month >= q.month_start
      AND l.month = (SELECT max(m.month) FROM limited m WHERE m.tenant_id = l.tenant_id)
  ), saved AS (
    UPDATE audit.count_cursor c SET counted = moved.past FROM moved
    WHERE c.tenant_id = moved.tenant_id
  )
  SELECT coalesce(sum(past - first), 0)::bigint FROM moved)sql",
                                Access::kWrite};

constexpr Statement kLag = {"counts.lag", R"sql(
  SELECT greatest(0, coalesce((SELECT size FROM audit.log_head WHERE tenant_id = $1), 0)
       - coalesce((SELECT counted FROM audit.count_cursor WHERE tenant_id = $1), 0)))sql"};

constexpr Statement kList = {"counts.list", R"sql(
  SELECT day, action, sum(events)::bigint FROM (
    SELECT day, action, events FROM audit.event_count
    WHERE tenant_id = $1 AND day >= $2 AND day < $3
    UNION ALL
    SELECT date_trunc('day', late.recorded_at, 'UTC'), late.action, 1 FROM (
      SELECT e.recorded_at, e.action FROM audit.event e
      WHERE e.tenant_id = $1 AND e.recorded_at >= $2 AND e.recorded_at < $3
        AND e.seq >= coalesce(
          (SELECT counted FROM audit.count_cursor WHERE tenant_id = $1), 0)
      ORDER BY e.seq LIMIT $4) late) counts
  GROUP BY day, action ORDER BY day, action LIMIT $5)sql"};

}  // namespace

postgres::Pending<std::vector<TenantId>> ListBehind(postgres::Transaction& tx, uint64_t least,
                                                    int64_t limit) {
  return tx.Run(kListBehind, least, limit).Map([](const postgres::Result& result) {
    std::vector<TenantId> tenants;
    for (const postgres::Row row : result) tenants.push_back(row.Get<TenantId>(0));
    return tenants;
  });
}

postgres::Pending<uint64_t> Advance(postgres::Transaction& tx, const std::vector<TenantId>& tenants,
                                    uint64_t most) {
  tx.Run(kMakeCursors, tenants);
  return tx.RunForOne(
      kAdvance, "count", [](const postgres::Row& row) { return row.Get<uint64_t>(0); }, tenants,
      most);
}

postgres::Pending<uint64_t> Lag(postgres::Transaction& tx, TenantId tenant) {
  return tx.RunForOne(
      kLag, "log", [](const postgres::Row& row) { return row.Get<uint64_t>(0); }, tenant);
}

postgres::Pending<std::vector<DayCount>> List(postgres::Transaction& tx, TenantId tenant,
                                              absl::Time first, absl::Time past,
                                              uint64_t most_events, int most_rows) {
  return tx.Run(kList, tenant, first, past, most_events, most_rows)
      .Map([](const postgres::Result& result) {
        std::vector<DayCount> counts;
        for (const postgres::Row row : result) {
          counts.push_back({row.Get<absl::Time>(0), row.Get<std::string>(1), row.Get<uint64_t>(2)});
        }
        return counts;
      });
}

}  // namespace kasbah::audit::count_store
