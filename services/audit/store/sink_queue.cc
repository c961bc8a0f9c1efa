#include "services/audit/store/sink_queue.h"

#include <algorithm>

namespace kasbah::audit::sink_queue {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kClaimDue = {"sink_queue.claim_due", R"sql(
  WITH picked AS (
    SELECT c.tenant_id, c.sink_id
    FROM audit.sink_cursor c
    JOIN audit.log_head h ON h.tenant_id = c.tenant_id AND h.size > c.next_seq
    WHERE NOT c.paused AND c.due_at <= now()
    ORDER BY c.due_at LIMIT $3
    FOR UPDATE OF c SKIP LOCKED
  )
  UPDATE audit.sink_cursor c SET lease_id = $1, due_at = now() + make_interval(secs => $2)
  FROM picked p WHERE c.tenant_id = p.tenant_id AND c.sink_id = p.sink_id
  RETURNING c.tenant_id, c.sink_id)sql",
                                 Access::kWrite};

constexpr Statement kReadLag = {"sink_queue.read_lag", R"sql(
  SELECT coalesce(max(h.size - c.next_seq), 0)::bigint,
         coalesce(extract(epoch FROM now() - min(coalesce(c.last_success_at, c.made_at))),
                  0)::float8
  FROM audit.sink_cursor c
  JOIN audit.log_head h ON h.tenant_id = c.tenant_id AND h.size > c.next_seq
  WHERE NOT c.paused)sql"};

constexpr Statement kFindBatch = {"sink_queue.find_batch", R"sql(
  SELECT batch_id, batch_past FROM audit.sink_cursor
  WHERE tenant_id = $1 AND sink_id = $2 AND lease_id = $3)sql"};

constexpr Statement kKeepBatch = {"sink_queue.keep_batch", R"sql(
  WITH kept AS (
    UPDATE audit.sink_cursor SET batch_id = $4, batch_past = $5
    WHERE tenant_id = $1 AND sink_id = $2 AND lease_id = $3 RETURNING 1
  )
  SELECT core.require(EXISTS (SELECT FROM kept), 'LEASE_LOST'))sql",
                                  Access::kWrite};

constexpr Statement kAdvance = {"sink_queue.advance", R"sql(
  WITH moved AS (
    UPDATE audit.sink_cursor
    SET next_seq = $4, batch_id = NULL, batch_past = NULL, lease_id = NULL, due_at = now(),
        failures = 0, delivered = delivered + $5, refused = refused + cardinality($6::bigint[]),
        refusals = CASE WHEN $5 > 0 THEN 0 ELSE refusals + cardinality($6::bigint[]) END,
        last_success_at = CASE WHEN $5 > 0 THEN now() ELSE last_success_at END,
        last_error = CASE WHEN cardinality($6::bigint[]) > 0 THEN ($7::text[])[1]
                          WHEN $5 > 0 THEN '' ELSE last_error END,
        last_error_at = CASE WHEN cardinality($6::bigint[]) > 0 THEN now() ELSE last_error_at END
    WHERE tenant_id = $1 AND sink_id = $2 AND lease_id = $3 RETURNING 1
  ), reported AS (
    INSERT INTO audit.sink_refusal (tenant_id, sink_id, seq, reason, refused_at)
    SELECT $1, $2, r.seq, r.reason, now()
    FROM moved, unnest($6::bigint[], $7::text[]) AS r (seq, reason)
    ON CONFLICT DO NOTHING
  )
  SELECT core.require(EXISTS (SELECT FROM moved), 'LEASE_LOST'))sql",
                                Access::kWrite};

constexpr Statement kPutOff = {"sink_queue.put_off", R"sql(
  WITH put_off AS (
    UPDATE audit.sink_cursor
    SET lease_id = NULL, due_at = now() + make_interval(secs => $5), failures = failures + 1,
        refusals = refusals + CASE WHEN $6 THEN 1 ELSE 0 END, last_error = $4, last_error_at = now()
    WHERE tenant_id = $1 AND sink_id = $2 AND lease_id = $3 RETURNING 1
  )
  SELECT core.require(EXISTS (SELECT FROM put_off), 'LEASE_LOST'))sql",
                               Access::kWrite};

constexpr Statement kGiveUp = {"sink_queue.give_up", R"sql(
  WITH given AS (
    UPDATE audit.sink_cursor SET lease_id = NULL, due_at = now()
    WHERE tenant_id = $1 AND sink_id = $2 AND lease_id = $3 RETURNING 1
  )
  SELECT core.require(EXISTS (SELECT FROM given), 'LEASE_LOST'))sql",
                               Access::kWrite};

}  // namespace

Pending<std::vector<Claim>> ClaimDue(Transaction& tx, Uuid lease, absl::Duration length,
                                     int limit) {
  return tx.Run(kClaimDue, lease, absl::ToDoubleSeconds(length), limit).Map([lease](Result rows) {
    std::vector<Claim> claims;
    for (const Row row : rows) {
      claims.push_back({row.Get<TenantId>(0), row.Get<SinkId>(1), lease});
    }
    return claims;
  });
}

Pending<Lag> ReadLag(Transaction& tx) {
  return tx.Run(kReadLag).Map([](Result rows) {
    return Lag{rows[0].Get<uint64_t>(0), absl::Seconds(std::max(rows[0].Get<double>(1), 0.0))};
  });
}

Pending<std::optional<Batch>> FindBatch(Transaction& tx, const Claim& claim) {
  return tx.RunForOne(
      kFindBatch, "claim",
      [](Row row) -> std::optional<Batch> {
        if (row.IsNull(0)) return std::nullopt;
        return Batch{row.Get<Uuid>(0), row.Get<uint64_t>(1)};
      },
      claim.tenant, claim.sink, claim.lease);
}

Pending<Result> KeepBatch(Transaction& tx, const Claim& claim, const Batch& batch) {
  return tx.Run(kKeepBatch, claim.tenant, claim.sink, claim.lease, batch.id, batch.past);
}

Pending<Result> Advance(Transaction& tx, const Claim& claim, uint64_t past, uint64_t delivered,
                        const std::vector<Refusal>& refused) {
  std::vector<int64_t> sequences;
  std::vector<std::string> reasons;
  for (const Refusal& refusal : refused) {
    sequences.push_back(static_cast<int64_t>(refusal.sequence));
    reasons.push_back(refusal.reason);
  }
  return tx.Run(kAdvance, claim.tenant, claim.sink, claim.lease, past, delivered, sequences,
                reasons);
}

Pending<Result> PutOff(Transaction& tx, const Claim& claim, std::string_view error,
                       absl::Duration delay, bool refused) {
  return tx.Run(kPutOff, claim.tenant, claim.sink, claim.lease, error, absl::ToDoubleSeconds(delay),
                refused);
}

Pending<Result> GiveUp(Transaction& tx, const Claim& claim) {
  return tx.Run(kGiveUp, claim.tenant, claim.sink, claim.lease);
}

}  // namespace kasbah::audit::sink_queue
