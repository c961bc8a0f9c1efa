#include "services/audit/store/sink_store.h"

#include "libs/base/status_macros.h"

namespace kasbah::audit::sink_store {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert = {"sinks.insert", R"sql(
  WITH room AS (
    SELECT core.require(count(*) < $8, 'TOO_MANY_SINKS') FROM audit.sink WHERE tenant_id = $1
  ), made AS (
    INSERT INTO audit.sink (tenant_id, sink_id, name, filter, target, sealed_secret, created_at)
    SELECT $1, $2, $3, $4, $5, $6, $7 FROM room
  )
  INSERT INTO audit.sink_cursor (tenant_id, sink_id, next_seq, due_at, made_at)
  SELECT $1, $2,
         coalesce((SELECT CASE WHEN $9 THEN min_index ELSE size END FROM audit.log_head
                   WHERE tenant_id = $1), 0),
         now(), now())sql",
                               Access::kWrite};

#define AUDIT_SINK_COLUMNS                                                                    \
  "SELECT s.sink_id, s.name, s.filter, s.target, s.sealed_secret, s.revision, s.created_at, " \
  "c.next_seq, c.paused, c.due_at, c.failures, c.refusals, c.delivered, c.refused, "          \
  "c.last_success_at, c.last_error, c.last_error_at, coalesce(h.size, 0), "                   \
  "(SELECT e.recorded_at FROM audit.event e WHERE e.tenant_id = $1 AND e.seq >= c.next_seq "  \
  "ORDER BY e.seq LIMIT 1) "                                                                  \
  "FROM audit.sink s "                                                                        \
  "JOIN audit.sink_cursor c ON c.tenant_id = s.tenant_id AND c.sink_id = s.sink_id "          \
  "LEFT JOIN audit.log_head h ON h.tenant_id = s.tenant_id WHERE s.tenant_id = $1 "

constexpr Statement kGet = {"sinks.get", AUDIT_SINK_COLUMNS "AND s.sink_id = $2"};
constexpr Statement kList = {"sinks.list", AUDIT_SINK_COLUMNS "ORDER BY s.sink_id"};

constexpr Statement kUpdate = {"sinks.update", R"sql(
  WITH held AS (
    SELECT revision FROM audit.sink WHERE tenant_id = $1 AND sink_id = $2 FOR UPDATE
  ), checked AS (
    SELECT core.require(EXISTS (SELECT FROM held), 'NOT_FOUND'),
           core.require((SELECT revision FROM held) = $3, 'ETAG_MISMATCH')
  ), saved AS (
    UPDATE audit.sink SET name = $4, filter = $5, target = $6, sealed_secret = $7,
                          revision = revision + 1
    FROM checked WHERE tenant_id = $1 AND sink_id = $2
  )
  UPDATE audit.sink_cursor
  SET due_at = now(), failures = 0, refusals = 0, lease_id = NULL, batch_id = NULL,
      batch_past = NULL
  WHERE tenant_id = $1 AND sink_id = $2)sql",
                               Access::kWrite};

constexpr Statement kSetPaused = {"sinks.set_paused", R"sql(
  WITH changed AS (
    UPDATE audit.sink_cursor
    SET paused = $3, lease_id = CASE WHEN $3 THEN NULL ELSE lease_id END,
        due_at = CASE WHEN $3 THEN due_at ELSE now() END,
        failures = 0, refusals = CASE WHEN $3 THEN refusals ELSE 0 END
    WHERE tenant_id = $1 AND sink_id = $2 RETURNING 1
  )
  SELECT core.require(EXISTS (SELECT FROM changed), 'NOT_FOUND'))sql",
                                  Access::kWrite};

constexpr Statement kPassPruned = {"sinks.pass_pruned", R"sql(
  UPDATE audit.sink_cursor c
  SET next_seq = h.min_index, batch_id = NULL, batch_past = NULL, lease_id = NULL,
      last_error = '', last_error_at = NULL
  FROM audit.log_head h, (
    SELECT next_seq FROM audit.sink_cursor WHERE tenant_id = $1 AND sink_id = $2 FOR UPDATE) before
  WHERE c.tenant_id = $1 AND c.sink_id = $2 AND h.tenant_id = $1
    AND c.last_error = 'LOG_PRUNED' AND before.next_seq < h.min_index
  RETURNING before.next_seq, h.min_index)sql",
                                   Access::kWrite};

constexpr Statement kDelete = {"sinks.delete", R"sql(
  WITH refusals AS (
    DELETE FROM audit.sink_refusal WHERE tenant_id = $1 AND sink_id = $2
  ), cursors AS (
    DELETE FROM audit.sink_cursor WHERE tenant_id = $1 AND sink_id = $2
  ), gone AS (
    DELETE FROM audit.sink WHERE tenant_id = $1 AND sink_id = $2 RETURNING 1
  )
  SELECT core.require(EXISTS (SELECT FROM gone), 'NOT_FOUND'))sql",
                               Access::kWrite};

constexpr Statement kListRefused = {"sinks.list_refused", R"sql(
  SELECT seq, reason, refused_at FROM audit.sink_refusal
  WHERE tenant_id = $1 AND sink_id = $2 AND seq < $3
  ORDER BY seq DESC LIMIT $4)sql"};

constexpr Statement kCountSecrets = {"sinks.count_secrets", R"sql(
  SELECT sealed_key_version, count(*) FROM audit.sink
  WHERE tenant_id = $1 AND sealed_secret IS NOT NULL GROUP BY sealed_key_version)sql"};

constexpr Statement kSecretsAfter = {"sinks.secrets_after", R"sql(
  SELECT sink_id, sealed_secret FROM audit.sink
  WHERE tenant_id = $1 AND sealed_key_version < $2 AND sink_id > $3 AND sealed_secret IS NOT NULL
  ORDER BY sink_id LIMIT $4)sql"};

constexpr Statement kReplaceSecrets = {"sinks.replace_secrets", R"sql(
  WITH replaced AS (
    UPDATE audit.sink s SET sealed_secret = g.after
    FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS g (sink_id, before, after)
    WHERE s.tenant_id = $1 AND s.sink_id = g.sink_id AND s.sealed_secret = g.before
    RETURNING 1
  )
  SELECT count(*) FROM replaced)sql",
                                       Access::kWrite};

absl::StatusOr<Sink> SinkOf(Row row) {
  Sink sink;
  sink.id = row.Get<SinkId>(0);
  sink.settings.name = row.Get<std::string>(1);
  if (!sink.settings.filter.ParseFromString(row.Get<std::string>(2)) ||
      !sink.settings.target.ParseFromString(row.Get<std::string>(3))) {
    return absl::InternalError("a stored sink cannot be read");
  }
  sink.sealed_secret = row.Get<std::optional<std::string>>(4).value_or("");
  sink.revision = row.Get<uint64_t>(5);
  sink.create_time = row.Get<absl::Time>(6);
  sink.next = row.Get<uint64_t>(7);
  sink.paused = row.Get<bool>(8);
  sink.due = row.Get<absl::Time>(9);
  sink.failures = row.Get<int>(10);
  sink.refusals = row.Get<int>(11);
  sink.delivered = row.Get<uint64_t>(12);
  sink.refused = row.Get<uint64_t>(13);
  sink.last_success = row.Get<std::optional<absl::Time>>(14);
  sink.last_error = row.Get<std::string>(15);
  sink.last_error_time = row.Get<std::optional<absl::Time>>(16);
  sink.log_size = row.Get<uint64_t>(17);
  sink.oldest_waiting = row.Get<std::optional<absl::Time>>(18);
  return sink;
}

std::optional<postgres::OwnedBytes> SecretOf(const Sink& sink) {
  if (sink.sealed_secret.empty()) return std::nullopt;
  return postgres::OwnedBytes{sink.sealed_secret};
}

}  // namespace

Pending<Result> Insert(Transaction& tx, TenantId tenant, const Sink& sink, bool from_beginning) {
  return tx.Run(kInsert, tenant, sink.id, sink.settings.name,
                postgres::OwnedBytes{sink.settings.filter.SerializeAsString()},
                postgres::OwnedBytes{sink.settings.target.SerializeAsString()}, SecretOf(sink),
                sink.create_time, kMaxSinks, from_beginning);
}

Pending<Sink> Get(Transaction& tx, TenantId tenant, SinkId id) {
  return tx.RunForOne(kGet, "sink", SinkOf, tenant, id);
}

Pending<std::vector<Sink>> List(Transaction& tx, TenantId tenant) {
  return tx.Run(kList, tenant).Map([](Result rows) -> absl::StatusOr<std::vector<Sink>> {
    std::vector<Sink> sinks;
    for (const Row row : rows) {
      ASSIGN_OR_RETURN(sinks.emplace_back(), SinkOf(row));
    }
    return sinks;
  });
}

Pending<Result> Update(Transaction& tx, TenantId tenant, const Sink& sink) {
  return tx.Run(kUpdate, tenant, sink.id, sink.revision, sink.settings.name,
                postgres::OwnedBytes{sink.settings.filter.SerializeAsString()},
                postgres::OwnedBytes{sink.settings.target.SerializeAsString()}, SecretOf(sink));
}

Pending<Result> SetPaused(Transaction& tx, TenantId tenant, SinkId id, bool paused) {
  return tx.Run(kSetPaused, tenant, id, paused);
}

Pending<std::optional<SequenceRange>> PassPruned(Transaction& tx, TenantId tenant, SinkId id) {
  return tx.Run(kPassPruned, tenant, id).Map([](Result rows) -> std::optional<SequenceRange> {
    if (rows.empty()) return std::nullopt;
    return SequenceRange{rows[0].Get<uint64_t>(0), rows[0].Get<uint64_t>(1)};
  });
}

Pending<Result> Delete(Transaction& tx, TenantId tenant, SinkId id) {
  return tx.Run(kDelete, tenant, id);
}

Pending<std::vector<RefusedEvent>> ListRefused(Transaction& tx, TenantId tenant, SinkId id,
                                               uint64_t below, int limit) {
  return tx.Run(kListRefused, tenant, id, below, limit).Map([](Result rows) {
    std::vector<RefusedEvent> refused;
    for (const Row row : rows) {
      refused.push_back({row.Get<uint64_t>(0), row.Get<std::string>(1), row.Get<absl::Time>(2)});
    }
    return refused;
  });
}

Pending<std::map<uint32_t, uint64_t>> CountSecrets(Transaction& tx, TenantId tenant) {
  return tx.Run(kCountSecrets, tenant).Map(postgres::MapOf<uint32_t, uint64_t>);
}

Pending<std::vector<SealedSecret>> SecretsAfter(Transaction& tx, TenantId tenant, uint32_t below,
                                                SinkId after, int limit) {
  return tx.Run(kSecretsAfter, tenant, below, after, limit).Map([](Result rows) {
    std::vector<SealedSecret> secrets;
    for (const Row row : rows) secrets.push_back({row.Get<SinkId>(0), row.Get<std::string>(1)});
    return secrets;
  });
}

Pending<uint64_t> ReplaceSecrets(Transaction& tx, TenantId tenant,
                                 const std::vector<SealedSecret>& before,
                                 const std::vector<SealedSecret>& after) {
  const ciphertexts::Replacement<SinkId> rows(before, after);
  return tx.Run(kReplaceSecrets, tenant, rows.ids, rows.olds, rows.news).Map([](Result result) {
    return result[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::audit::sink_store
