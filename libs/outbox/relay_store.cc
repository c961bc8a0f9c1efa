#include "libs/outbox/relay_store.h"

#include <algorithm>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::outbox {
namespace {

// $1 topic, $2 holder, $3 lease in seconds. Reads only, so that a quiet outbox is not written to
// ten times a second: whether another relay is at work, whether our lease lasts a while yet,
// whether anything waits. Times are the database's, so replicas' clocks may differ.
constexpr std::string_view kPeek = R"sql(
  SELECT holder IS DISTINCT FROM $2 AND lease_until >= clock_timestamp(),
         holder IS NOT DISTINCT FROM $2
           AND lease_until > clock_timestamp() + make_interval(secs => $3 / 2),
         cardinality(ids) > 0 OR EXISTS (SELECT FROM {schema}.outbox WHERE topic = $1)
  FROM {schema}.outbox_relay
  WHERE topic = $1)sql";

// The same parameters.
constexpr std::string_view kLease = R"sql(
  UPDATE {schema}.outbox_relay
  SET holder = $2, lease_until = clock_timestamp() + make_interval(secs => $3)
  WHERE topic = $1 AND (holder = $2 OR lease_until < clock_timestamp())
  RETURNING epoch)sql";

// $3 the acknowledged batch. The relay row is this transaction's since kLease, so what follows sees
// the holder it set. Its ids are asked for once and looked up one by one, here and in kRead: a plan
// made while the outbox was empty would else go through all of them for each row that it has later.
// Rows are never updated, so what has been found stays where it is.
constexpr std::string_view kAcknowledge = R"sql(
  WITH gone AS (
    DELETE FROM {schema}.outbox WHERE ctid = ANY (ARRAY(
      SELECT o.ctid FROM unnest((
        SELECT ids FROM {schema}.outbox_relay
        WHERE topic = $1 AND holder = $2 AND batch = $3)) AS b (id)
      CROSS JOIN LATERAL (
        SELECT ctid FROM {schema}.outbox WHERE topic = $1 AND id = b.id OFFSET 0) o)))
  UPDATE {schema}.outbox_relay SET ids = '{}'
  WHERE topic = $1 AND holder = $2 AND batch = $3)sql";

// $3 rows, $4 bytes. Claims only when no batch waits; always at least one row, however large. Only
// the first rows are measured, so a long queue costs no more than a short one.
constexpr std::string_view kClaim = R"sql(
  WITH waiting AS (
    SELECT id, length(payload) + 64 AS size FROM {schema}.outbox
    WHERE topic = $1
    ORDER BY id LIMIT $3),
  summed AS (SELECT id, size, sum(size) OVER (ORDER BY id) AS total FROM waiting),
  fitting AS (
    SELECT array_agg(id ORDER BY id) AS ids FROM summed WHERE total <= $4 OR total = size)
  UPDATE {schema}.outbox_relay r SET batch = r.batch + 1, ids = f.ids
  FROM fitting f
  WHERE r.topic = $1 AND r.holder = $2 AND cardinality(r.ids) = 0 AND f.ids IS NOT NULL)sql";

constexpr std::string_view kRead = R"sql(
  SELECT (SELECT batch FROM {schema}.outbox_relay WHERE topic = $1 AND holder = $2),
         b.id, o.tenant_id, o.payload, o.created_at
  FROM unnest((
    SELECT ids FROM {schema}.outbox_relay WHERE topic = $1 AND holder = $2)) AS b (id)
  CROSS JOIN LATERAL (
    SELECT tenant_id, payload, created_at FROM {schema}.outbox
    WHERE topic = $1 AND id = b.id OFFSET 0) o
  ORDER BY b.id)sql";

constexpr std::string_view kRelease = R"sql(
  UPDATE {schema}.outbox_relay SET holder = NULL, lease_until = '-infinity'
  WHERE topic = $1 AND holder = $2)sql";

// The statement for one schema, whose name is a constant of the program.
std::string Named(std::string_view sql, std::string_view schema) {
  constexpr std::string_view kPlace = "{schema}";
  std::string named;
  for (size_t at; (at = sql.find(kPlace)) != sql.npos; sql.remove_prefix(at + kPlace.size())) {
    named.append(sql.substr(0, at)).append(schema);
  }
  return named.append(sql);
}

}  // namespace

RelayStore::RelayStore(postgres::Door& door, std::string_view schema, std::string_view topic,
                       Uuid holder)
    : door_(door), topic_(topic), holder_(holder) {
  // Statements point into it.
  texts_.reserve(12);
  const auto statement = [&](std::string_view name, std::string_view sql,
                             postgres::Access access = postgres::Access::kWrite) {
    texts_.push_back(StrCat("relay.", schema, ".", name));
    const std::string_view own_name = texts_.back();
    texts_.push_back(Named(sql, schema));
    return postgres::Statement{own_name, texts_.back(), access};
  };
  peek_ = statement("peek", kPeek, postgres::Access::kRead);
  lease_ = statement("lease", kLease);
  acknowledge_ = statement("acknowledge", kAcknowledge);
  claim_ = statement("claim", kClaim);
  read_ = statement("read", kRead, postgres::Access::kRead);
  release_ = statement("release", kRelease);
}

absl::StatusOr<bool> RelayStore::HasWork(absl::Duration lease, absl::Time deadline) {
  return door_.Run(deadline, [&](postgres::Transaction& tx) {
    return tx.RunForOne(
        peek_, "outbox relay row",
        [](postgres::Row row) {
          const bool elsewhere = row.Get<bool>(0);
          const bool lasts = row.Get<bool>(1);
          const bool waiting = row.Get<bool>(2);
          return !elsewhere && (waiting || !lasts);
        },
        topic_, holder_, absl::ToDoubleSeconds(lease));
  });
}

absl::StatusOr<Claim> RelayStore::AcknowledgeAndClaim(uint64_t acknowledged, int rows, int bytes,
                                                      absl::Duration lease, absl::Time deadline) {
  return door_.Run(deadline, [&](postgres::Transaction& tx) {
    auto leased = tx.Run(lease_, topic_, holder_, absl::ToDoubleSeconds(lease));
    if (acknowledged != 0) tx.Run(acknowledge_, topic_, holder_, acknowledged);
    tx.Run(claim_, topic_, holder_, rows, bytes);
    auto read = tx.Run(read_, topic_, holder_);
    return tx.AfterCommit([leased, read]() -> absl::StatusOr<Claim> {
      ASSIGN_OR_RETURN(const postgres::Result relay, leased.Take());
      ASSIGN_OR_RETURN(const postgres::Result entries, read.Take());
      Claim claim;
      claim.held = !relay.empty();
      if (!claim.held) return claim;
      claim.epoch = relay[0].Get<Uuid>(0);
      claim.entries.reserve(static_cast<size_t>(entries.size()));
      for (const postgres::Row row : entries) {
        claim.batch = row.Get<uint64_t>(0);
        claim.entries.push_back(
            {row.Get<uint64_t>(1), row.Get<TenantId>(2), row.Get<std::string>(3)});
        claim.oldest = std::min(claim.oldest, row.Get<absl::Time>(4));
      }
      return claim;
    });
  });
}

absl::Status RelayStore::Release(uint64_t acknowledged, absl::Time deadline) {
  return door_.Run(deadline, [&](postgres::Transaction& tx) {
    if (acknowledged != 0) tx.Run(acknowledge_, topic_, holder_, acknowledged);
    tx.Run(release_, topic_, holder_);
    return absl::OkStatus();
  });
}

}  // namespace kasbah::outbox
