#include "services/webhook/store/inbox_store.h"

#include <set>

#include "libs/usage/quota_statements.h"
#include "services/webhook/domain/event_filter.h"

namespace kasbah::webhook {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Statement;
using postgres::Transaction;

constexpr std::string_view kTopic = "change";

constexpr Statement kMakeCursor{"inbox.make_cursor",
                                R"sql(
INSERT INTO webhook.receiver_cursors (source, shard, topic, epoch, last_batch, digest, updated_at)
VALUES ($1, $2, $3, $4, 0, '', now()) ON CONFLICT DO NOTHING)sql",
                                Access::kWrite};

constexpr Statement kLockCursor{"inbox.lock_cursor",
                                R"sql(
SELECT last_batch, digest FROM webhook.receiver_cursors
WHERE source = $1 AND shard = $2 AND topic = $3 AND epoch = $4 FOR UPDATE)sql",
                                Access::kWrite};

constexpr Statement kMoveCursor{"inbox.move_cursor",
                                R"sql(
UPDATE webhook.receiver_cursors SET last_batch = $5, digest = $6, updated_at = now()
WHERE source = $1 AND shard = $2 AND topic = $3 AND epoch = $4)sql",
                                Access::kWrite};

// $9 and $10: each event type of the batch beside every filter that it passes.
constexpr Statement kFanOut{
    "inbox.fan_out",
    R"sql(
WITH incoming AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::bytea[],
                       $7::text[], $8::text[])
    AS i (tenant_id, message_id, event_id, event_type, customer_id, body, traceparent, request_id)
), passed AS (
  SELECT * FROM unnest($9::text[], $10::text[]) AS p (event_type, filter)
), matched AS (
  SELECT i.tenant_id, i.message_id, e.endpoint_id
  FROM incoming i JOIN webhook.endpoints e ON e.tenant_id = i.tenant_id AND e.state = 'enabled'
  WHERE cardinality(e.event_types) = 0 OR EXISTS (
    SELECT FROM passed p WHERE p.event_type = i.event_type AND p.filter = ANY (e.event_types))
), stored AS (
  INSERT INTO webhook.messages (tenant_id, message_id, event_id, event_type, customer_id, body,
                                traceparent, request_id, created_at)
  SELECT i.*, now() FROM incoming i
  WHERE EXISTS (SELECT FROM matched m WHERE m.message_id = i.message_id)
  ON CONFLICT (tenant_id, event_id) DO NOTHING
  RETURNING tenant_id, message_id
), delivered AS (
  INSERT INTO webhook.deliveries (tenant_id, message_id, endpoint_id, created_at)
  SELECT m.tenant_id, m.message_id, m.endpoint_id, now()
  FROM matched m JOIN stored s ON s.tenant_id = m.tenant_id AND s.message_id = m.message_id
  RETURNING tenant_id, message_id, endpoint_id
), limited AS (
  SELECT q.tenant_id FROM webhook.quotas q
  WHERE q.meter = 'deliveries' AND q.tenant_id IN (SELECT tenant_id FROM incoming)
  ORDER BY q.tenant_id FOR UPDATE
), counted AS (
  UPDATE webhook.quotas q SET )sql" KASBAH_USE_IN(
        "m.start", "(SELECT count(*) FROM delivered d WHERE d.tenant_id = q.tenant_id)") R"sql(
  FROM limited, (SELECT date_trunc('month', now(), 'UTC') AS start) AS m
  WHERE q.meter = 'deliveries' AND q.tenant_id = limited.tenant_id
), queued AS (
  INSERT INTO webhook.queue (tenant_id, message_id, endpoint_id, due_at)
  SELECT tenant_id, message_id, endpoint_id, now() FROM delivered RETURNING 1
)
SELECT count(*) FROM queued)sql",
    Access::kWrite};

constexpr Statement kQuarantine{"inbox.quarantine",
                                R"sql(
INSERT INTO webhook.quarantine (tenant_id, source, shard, epoch, outbox_id, reason, payload,
                                received_at)
SELECT q.tenant_id, $1, $2, $3, q.outbox_id, q.reason, q.payload, now()
FROM unnest($4::uuid[], $5::bigint[], $6::text[], $7::bytea[])
  AS q (tenant_id, outbox_id, reason, payload)
ON CONFLICT DO NOTHING)sql",
                                Access::kWrite};

}  // namespace

Pending<outbox::ReceiverCursor> InboxStore::LockCursor(Transaction& tx,
                                                       const BatchSource& source) const {
  tx.Run(kMakeCursor, source.workload, source.shard, kTopic, source.epoch);
  return tx.RunForOne(
      kLockCursor, "receiver cursor",
      [](postgres::Row row) {
        return outbox::ReceiverCursor{row.Get<uint64_t>(0), row.Get<std::string>(1)};
      },
      source.workload, source.shard, kTopic, source.epoch);
}

Pending<Result> InboxStore::MoveCursor(Transaction& tx, const BatchSource& source,
                                       const outbox::ReceiverCursor& cursor) const {
  return tx.Run(kMoveCursor, source.workload, source.shard, kTopic, source.epoch, cursor.last_batch,
                postgres::Bytes{cursor.digest});
}

Pending<int64_t> InboxStore::FanOut(Transaction& tx, const std::vector<Message>& messages) const {
  std::vector<Uuid> tenants, ids, events;
  std::vector<std::string> types, traceparents, request_ids;
  std::vector<std::optional<Uuid>> customers;
  std::vector<postgres::OwnedBytes> bodies;
  std::set<std::string> distinct;
  for (const Message& message : messages) {
    tenants.push_back(message.tenant.uuid());
    ids.push_back(message.id.uuid());
    events.push_back(message.event.uuid());
    types.push_back(message.type);
    customers.push_back(message.customer ? std::optional(message.customer->uuid()) : std::nullopt);
    bodies.push_back({message.body});
    traceparents.push_back(message.traceparent);
    request_ids.push_back(message.request_id);
    distinct.insert(message.type);
  }
  std::vector<std::string> passing, filters;
  for (const std::string& type : distinct) {
    for (std::string& filter : FiltersPassedBy(type)) {
      passing.push_back(type);
      filters.push_back(std::move(filter));
    }
  }
  return tx.RunForOne(
      kFanOut, "fan-out", [](const postgres::Row& row) { return row.Get<int64_t>(0); }, tenants,
      ids, events, types, customers, bodies, traceparents, request_ids, passing, filters);
}

Pending<Result> InboxStore::Quarantine(Transaction& tx, const BatchSource& source,
                                       const std::vector<QuarantinedEntry>& entries) const {
  std::vector<Uuid> tenants;
  std::vector<int64_t> ids;
  std::vector<std::string> reasons;
  std::vector<postgres::OwnedBytes> payloads;
  for (const QuarantinedEntry& entry : entries) {
    tenants.push_back(entry.tenant.uuid());
    ids.push_back(static_cast<int64_t>(entry.outbox_id));
    reasons.push_back(entry.reason);
    payloads.push_back({entry.payload});
  }
  return tx.Run(kQuarantine, source.workload, source.shard, source.epoch, tenants, ids, reasons,
                payloads);
}

}  // namespace kasbah::webhook
