#include "services/webhook/store/queue_store.h"

#include <algorithm>

namespace kasbah::webhook {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// Candidates are read a few times over what is wanted, since some of them may belong to one
// endpoint or to another worker by the time they are locked.
constexpr Statement kClaim{"queue.claim",
                           R"sql(
WITH limited AS (
  SELECT * FROM unnest($5::uuid[], $6::bigint[]) AS l (endpoint_id, room)
), candidates AS (
  SELECT q.tenant_id, q.message_id, q.endpoint_id, q.due_at, coalesce(l.room, $4) AS room
  FROM webhook.queue q
  JOIN core.tenants t ON t.tenant_id = q.tenant_id AND t.state = 'active'
  LEFT JOIN limited l ON l.endpoint_id = q.endpoint_id
  WHERE q.is_retry = $1 AND q.due_at <= now() AND coalesce(l.room, $4) > 0
  ORDER BY q.due_at LIMIT 4 * $3
), ranked AS (
  SELECT c.*, row_number() OVER (PARTITION BY endpoint_id ORDER BY due_at) AS place
  FROM candidates c
), picked AS (
  SELECT q.tenant_id, q.message_id, q.endpoint_id
  FROM ranked r JOIN webhook.queue q USING (tenant_id, message_id, endpoint_id)
  WHERE r.place <= r.room AND q.due_at <= now()
  ORDER BY r.due_at LIMIT $3
  FOR UPDATE OF q SKIP LOCKED
), claimed AS (
  UPDATE webhook.queue q
  SET claim_id = $2, attempts = q.attempts + 1, due_at = now() + make_interval(secs => $7)
  FROM picked p
  WHERE q.tenant_id = p.tenant_id AND q.message_id = p.message_id AND q.endpoint_id = p.endpoint_id
  RETURNING q.tenant_id, q.message_id, q.endpoint_id, q.attempts
)
SELECT c.tenant_id, c.message_id, c.endpoint_id, c.attempts, e.url,
       CASE WHEN e.state = 'enabled' AND length(m.body) > 0 THEN e.sealed_secret END,
       m.body, m.traceparent, m.request_id
FROM claimed c
JOIN webhook.messages m ON m.tenant_id = c.tenant_id AND m.message_id = c.message_id
JOIN webhook.endpoints e ON e.tenant_id = c.tenant_id AND e.endpoint_id = c.endpoint_id)sql",
                           Access::kWrite};

constexpr Statement kComplete{"queue.complete",
                              R"sql(
WITH done AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::float8[],
                       $7::boolean[], $8::uuid[], $9::bigint[], $10::timestamptz[], $11::bigint[],
                       $12::text[], $13::bigint[])
    AS d (tenant_id, message_id, endpoint_id, claim_id, state, delay, attempted, attempt_id, number,
          started_at, http_status, error, duration_ms)
), attempted AS (
  INSERT INTO webhook.attempts (tenant_id, attempt_id, message_id, endpoint_id, number, started_at,
                                http_status, error, duration_ms)
  SELECT tenant_id, attempt_id, message_id, endpoint_id, number, started_at, http_status, error,
         duration_ms
  FROM done WHERE attempted
  ON CONFLICT DO NOTHING
), held AS (
  SELECT d.*, q.attempts
  FROM done d JOIN webhook.queue q ON q.tenant_id = d.tenant_id AND q.message_id = d.message_id
    AND q.endpoint_id = d.endpoint_id AND q.claim_id = d.claim_id
  FOR UPDATE OF q
), rescheduled AS (
  UPDATE webhook.queue q
  SET due_at = now() + make_interval(secs => h.delay), claim_id = NULL, is_retry = true
  FROM held h
  WHERE h.state = 'retry' AND q.tenant_id = h.tenant_id AND q.message_id = h.message_id
    AND q.endpoint_id = h.endpoint_id
), unqueued AS (
  DELETE FROM webhook.queue q USING held h
  WHERE h.state <> 'retry' AND q.tenant_id = h.tenant_id AND q.message_id = h.message_id
    AND q.endpoint_id = h.endpoint_id
), finished AS (
  UPDATE webhook.deliveries d
  SET state = h.state, attempts = h.attempts, finished_at = now()
  FROM held h
  WHERE h.state <> 'retry' AND d.tenant_id = h.tenant_id AND d.message_id = h.message_id
    AND d.endpoint_id = h.endpoint_id
)
SELECT count(*) FROM held)sql",
                              Access::kWrite};

constexpr Statement kRelease{"queue.release",
                             R"sql(
UPDATE webhook.queue q
SET due_at = now() + make_interval(secs => $5), claim_id = NULL, attempts = q.attempts - 1
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
  AS c (tenant_id, message_id, endpoint_id, claim_id)
WHERE q.tenant_id = c.tenant_id AND q.message_id = c.message_id AND q.endpoint_id = c.endpoint_id
  AND q.claim_id = c.claim_id)sql",
                             Access::kWrite};

constexpr Statement kOldestDue{"queue.oldest_due", R"sql(
SELECT coalesce(extract(epoch FROM now() - min(q.due_at)), 0)::float8
FROM webhook.queue q JOIN core.tenants t ON t.tenant_id = q.tenant_id AND t.state = 'active'
WHERE q.due_at <= now())sql"};

std::string_view StateOf(Completion::Next next) {
  switch (next) {
    case Completion::Next::kDelivered:
      return "delivered";
    case Completion::Next::kRetry:
      return "retry";
    case Completion::Next::kFailed:
      return "failed";
    case Completion::Next::kDropped:
      return "dropped";
  }
  return "failed";
}

}  // namespace

Pending<std::vector<ClaimedDelivery>> QueueStore::Claim(
    Transaction& tx, Lane lane, Uuid claim, absl::Duration lease, int limit, int room,
    const std::vector<EndpointPacing::Room>& limited) const {
  std::vector<Uuid> endpoints;
  std::vector<int64_t> rooms;
  for (const EndpointPacing::Room& one : limited) {
    endpoints.push_back(one.endpoint.uuid());
    rooms.push_back(one.room);
  }
  return tx
      .Run(kClaim, lane == Lane::kRetry, claim, limit, room, endpoints, rooms,
           absl::ToDoubleSeconds(lease))
      .Map([claim](Result rows) {
        std::vector<ClaimedDelivery> claims;
        claims.reserve(static_cast<size_t>(rows.size()));
        for (const Row row : rows) {
          ClaimedDelivery& one = claims.emplace_back();
          one.tenant = row.Get<TenantId>(0);
          one.message = row.Get<MessageId>(1);
          one.endpoint = row.Get<EndpointId>(2);
          one.claim = claim;
          one.attempt = row.Get<int>(3);
          one.url = row.Get<std::string>(4);
          one.sealed_secret = row.Get<std::optional<std::string>>(5);
          one.body = row.Get<std::string>(6);
          one.traceparent = row.Get<std::string>(7);
          one.request_id = row.Get<std::string>(8);
        }
        return claims;
      });
}

Pending<int64_t> QueueStore::Complete(Transaction& tx,
                                      const std::vector<Completion>& completions) const {
  std::vector<Uuid> tenants, messages, endpoints, claims, attempt_ids;
  std::vector<std::string> states, errors;
  std::vector<double> delays;
  std::vector<bool> attempted;
  std::vector<int64_t> numbers, statuses, durations;
  std::vector<absl::Time> starts;
  for (const Completion& one : completions) {
    tenants.push_back(one.tenant.uuid());
    messages.push_back(one.message.uuid());
    endpoints.push_back(one.endpoint.uuid());
    claims.push_back(one.claim);
    states.emplace_back(StateOf(one.next));
    delays.push_back(absl::ToDoubleSeconds(one.delay));
    attempted.push_back(one.attempted);
    attempt_ids.push_back(one.attempt_id.uuid());
    numbers.push_back(one.number);
    starts.push_back(one.start_time);
    statuses.push_back(one.http_status);
    errors.push_back(one.error);
    durations.push_back(one.duration_ms);
  }
  return tx
      .Run(kComplete, tenants, messages, endpoints, claims, states, delays, attempted, attempt_ids,
           numbers, starts, statuses, errors, durations)
      .Map([](Result rows) { return rows[0].Get<int64_t>(0); });
}

Pending<Result> QueueStore::Release(Transaction& tx, const std::vector<ClaimedDelivery>& claimed,
                                    absl::Duration delay) const {
  std::vector<Uuid> tenants, messages, endpoints, claims;
  for (const ClaimedDelivery& one : claimed) {
    tenants.push_back(one.tenant.uuid());
    messages.push_back(one.message.uuid());
    endpoints.push_back(one.endpoint.uuid());
    claims.push_back(one.claim);
  }
  return tx.Run(kRelease, tenants, messages, endpoints, claims, absl::ToDoubleSeconds(delay));
}

Pending<absl::Duration> QueueStore::OldestDue(Transaction& tx) const {
  return tx.Run(kOldestDue).Map([](Result rows) {
    return absl::Seconds(std::max(rows[0].Get<double>(0), 0.0));
  });
}

}  // namespace kasbah::webhook
