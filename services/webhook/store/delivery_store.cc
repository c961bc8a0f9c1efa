#include "services/webhook/store/delivery_store.h"

namespace kasbah::webhook {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// One statement for each way to narrow a list, so that each has the index it needs. An attempt that
// is under way is not counted yet.
constexpr Statement kList{"deliveries.list", R"sql(
SELECT d.message_id, d.endpoint_id, m.event_type, m.event_id, d.state,
       coalesce(q.attempts - (q.claim_id IS NOT NULL)::int, d.attempts), d.created_at,
       CASE WHEN q.claim_id IS NULL THEN q.due_at END
FROM webhook.deliveries d
JOIN webhook.messages m ON m.tenant_id = d.tenant_id AND m.message_id = d.message_id
LEFT JOIN webhook.queue q ON q.tenant_id = d.tenant_id AND q.message_id = d.message_id
  AND q.endpoint_id = d.endpoint_id
WHERE d.tenant_id = $1 AND (d.message_id, d.endpoint_id) < ($2, $3)
ORDER BY d.message_id DESC, d.endpoint_id DESC LIMIT $4)sql"};

constexpr Statement kListOfEndpoint{"deliveries.list_of_endpoint", R"sql(
SELECT d.message_id, d.endpoint_id, m.event_type, m.event_id, d.state,
       coalesce(q.attempts - (q.claim_id IS NOT NULL)::int, d.attempts), d.created_at,
       CASE WHEN q.claim_id IS NULL THEN q.due_at END
FROM webhook.deliveries d
JOIN webhook.messages m ON m.tenant_id = d.tenant_id AND m.message_id = d.message_id
LEFT JOIN webhook.queue q ON q.tenant_id = d.tenant_id AND q.message_id = d.message_id
  AND q.endpoint_id = d.endpoint_id
WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.message_id < $3
ORDER BY d.message_id DESC LIMIT $4)sql"};

constexpr Statement kAttemptsOfEndpoint{"attempts.list_of_endpoint", R"sql(
SELECT attempt_id, message_id, endpoint_id, number, started_at, http_status, error, duration_ms
FROM webhook.attempts
WHERE tenant_id = $1 AND endpoint_id = $2 AND attempt_id < $3
ORDER BY attempt_id DESC LIMIT $4)sql"};

constexpr Statement kAttemptsOfMessage{"attempts.list_of_message", R"sql(
SELECT attempt_id, message_id, endpoint_id, number, started_at, http_status, error, duration_ms
FROM webhook.attempts
WHERE tenant_id = $1 AND message_id = $2 AND attempt_id < $3
ORDER BY attempt_id DESC LIMIT $4)sql"};

constexpr Statement kAttemptsOfDelivery{"attempts.list_of_delivery", R"sql(
SELECT attempt_id, message_id, endpoint_id, number, started_at, http_status, error, duration_ms
FROM webhook.attempts
WHERE tenant_id = $1 AND message_id = $2 AND endpoint_id = $3 AND attempt_id < $4
ORDER BY attempt_id DESC LIMIT $5)sql"};

constexpr Statement kBodiesOf{"messages.bodies_of_customer", R"sql(
SELECT message_id, body FROM webhook.messages
WHERE tenant_id = $1 AND customer_id = $2 AND length(body) > 0
ORDER BY message_id)sql"};

constexpr Statement kBlankBodiesOf{"messages.blank_bodies_of_customer",
                                   R"sql(
WITH blanked AS (
  UPDATE webhook.messages SET body = ''
  WHERE tenant_id = $1 AND customer_id = $2 AND length(body) > 0 RETURNING message_id
), unqueued AS (
  DELETE FROM webhook.queue q USING blanked b
  WHERE q.tenant_id = $1 AND q.message_id = b.message_id
  RETURNING q.message_id, q.endpoint_id, q.attempts
), dropped AS (
  UPDATE webhook.deliveries d SET state = 'dropped', attempts = u.attempts, finished_at = now()
  FROM unqueued u
  WHERE d.tenant_id = $1 AND d.message_id = u.message_id AND d.endpoint_id = u.endpoint_id
)
SELECT count(*) FROM blanked)sql",
                                   Access::kWrite};

// Past every id that is ever made.
constexpr Uuid kLast({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                      0xFF, 0xFF, 0xFF});

std::vector<Delivery> ToDeliveries(const Result& rows) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) {
    Delivery& delivery = deliveries.emplace_back();
    delivery.message = row.Get<MessageId>(0);
    delivery.endpoint = row.Get<EndpointId>(1);
    delivery.event_type = row.Get<std::string>(2);
    delivery.event = row.Get<EventId>(3);
    delivery.state = row.Get<std::string>(4);
    delivery.attempts = row.Get<int>(5);
    delivery.create_time = row.Get<absl::Time>(6);
    delivery.next_attempt = row.Get<std::optional<absl::Time>>(7);
  }
  return deliveries;
}

std::vector<Attempt> ToAttempts(const Result& rows) {
  std::vector<Attempt> attempts;
  attempts.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) {
    Attempt& attempt = attempts.emplace_back();
    attempt.id = row.Get<AttemptId>(0);
    attempt.message = row.Get<MessageId>(1);
    attempt.endpoint = row.Get<EndpointId>(2);
    attempt.number = row.Get<int>(3);
    attempt.time = row.Get<absl::Time>(4);
    attempt.http_status = row.Get<int>(5);
    attempt.error = row.Get<std::string>(6);
    attempt.duration_ms = row.Get<int64_t>(7);
  }
  return attempts;
}

}  // namespace

Pending<std::vector<Delivery>> DeliveryStore::List(Transaction& tx, TenantId tenant,
                                                   std::optional<EndpointId> endpoint,
                                                   std::optional<Position> before,
                                                   int limit) const {
  const Position end = before.value_or(Position{MessageId(kLast), EndpointId(kLast)});
  if (endpoint) {
    return tx.Run(kListOfEndpoint, tenant, *endpoint, end.first, limit).Map(ToDeliveries);
  }
  return tx.Run(kList, tenant, end.first, end.second, limit).Map(ToDeliveries);
}

Pending<std::vector<Attempt>> DeliveryStore::ListAttempts(Transaction& tx, TenantId tenant,
                                                          std::optional<EndpointId> endpoint,
                                                          std::optional<MessageId> message,
                                                          std::optional<AttemptId> before,
                                                          int limit) const {
  const AttemptId end = before.value_or(AttemptId(kLast));
  if (endpoint && message) {
    return tx.Run(kAttemptsOfDelivery, tenant, *message, *endpoint, end, limit).Map(ToAttempts);
  }
  if (message) return tx.Run(kAttemptsOfMessage, tenant, *message, end, limit).Map(ToAttempts);
  return tx.Run(kAttemptsOfEndpoint, tenant, endpoint.value_or(EndpointId()), end, limit)
      .Map(ToAttempts);
}

Pending<std::vector<DeliveryStore::Body>> DeliveryStore::BodiesOf(Transaction& tx, TenantId tenant,
                                                                  CustomerId customer) const {
  return tx.Run(kBodiesOf, tenant, customer).Map([](Result rows) {
    std::vector<Body> bodies;
    for (const Row row : rows) {
      bodies.push_back({row.Get<MessageId>(0), row.Get<std::string>(1)});
    }
    return bodies;
  });
}

Pending<uint64_t> DeliveryStore::BlankBodiesOf(Transaction& tx, TenantId tenant,
                                               CustomerId customer) const {
  return tx.Run(kBlankBodiesOf, tenant, customer).Map([](Result rows) {
    return rows[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::webhook
