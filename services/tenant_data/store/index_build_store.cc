#include "services/tenant_data/store/index_build_store.h"

#include "services/tenant_data/store/byte_window.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kBegin{
    "field_indexes.begin",
    "INSERT INTO tenant_data.field_indexes "
    "(tenant_id, field_id, collection_id, state, last_record, started_at, due_at) "
    "SELECT $1, field_id, $2, 'building', '00000000-0000-0000-0000-000000000000', $4, $4 "
    "FROM unnest($3) AS t (field_id) "
    "ON CONFLICT (tenant_id, field_id) DO UPDATE SET state = 'building', "
    "last_record = excluded.last_record, conflicts = '{}', started_at = excluded.started_at, "
    "due_at = excluded.due_at, finished_at = NULL",
    Access::kWrite};

constexpr Statement kListDue{"field_indexes.due",
                             "SELECT i.tenant_id, i.collection_id, i.field_id "
                             "FROM tenant_data.field_indexes i "
                             "JOIN core.tenants t ON t.tenant_id = i.tenant_id "
                             "WHERE i.state = 'building' AND i.due_at <= $1 "
                             "AND t.state = 'active' AND t.records = 'here' "
                             "ORDER BY i.due_at LIMIT $2"};

// What waits for a deleted collection goes on waiting.
constexpr Statement kPutOff{"field_indexes.put_off",
                            "UPDATE tenant_data.field_indexes SET due_at = $3 "
                            "WHERE tenant_id = $1 AND field_id = $2 AND state = 'building' "
                            "AND due_at < $3",
                            Access::kWrite};

constexpr Statement kPause{"field_indexes.pause",
                           "UPDATE tenant_data.field_indexes SET due_at = 'infinity' "
                           "WHERE tenant_id = $1 AND collection_id = $2 AND state = 'building'",
                           Access::kWrite};
constexpr Statement kGoOn{"field_indexes.go_on",
                          "UPDATE tenant_data.field_indexes SET due_at = $3 "
                          "WHERE tenant_id = $1 AND collection_id = $2 AND state = 'building'",
                          Access::kWrite};

constexpr Statement kClaim{"field_indexes.claim",
                           "SELECT last_record FROM tenant_data.field_indexes "
                           "WHERE tenant_id = $1 AND field_id = $2 AND state = 'building' "
                           "FOR UPDATE SKIP LOCKED"};

#define KASBAH_SCANNED "SELECT r.record_id, r.customer_id, r.data, r.sealed, r.is_followed "
// Long texts that nobody asked for stay where they are: values are picked of the window's records.
#define KASBAH_PICKED                                                                   \
  "s.n, s.is_followed, s.record_id, s.customer_id, s.sealed, "                          \
  "(SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(s.data) e " \
  "WHERE e.key = ANY($4)) AS data"
#define KASBAH_LIVE(sealed)                                                 \
  "SELECT x.record_id, x.customer_id, x.data, " sealed                      \
  " AS sealed FROM tenant_data.records x WHERE x.tenant_id = $1 "           \
  "AND x.collection_id = $2 AND x.record_id > $3 AND x.deleted_at IS NULL " \
  "ORDER BY x.record_id LIMIT $5"

constexpr Statement kScan{"field_indexes.scan",
                          KASBAH_SCANNED KASBAH_WINDOW(KASBAH_PICKED) KASBAH_LIVE("x.sealed")
                              KASBAH_WINDOW_END("p.record_id")};
constexpr Statement kScanHeld{
    "field_indexes.scan_held",
    KASBAH_SCANNED KASBAH_WINDOW(KASBAH_PICKED)
        KASBAH_LIVE("NULL::bytea") " FOR NO KEY UPDATE OF x" KASBAH_WINDOW_END("p.record_id")};
constexpr Statement kScanOf{
    "field_indexes.scan_of",
    KASBAH_SCANNED KASBAH_WINDOW(KASBAH_PICKED)
        "SELECT x.record_id, x.customer_id, x.data, x.sealed FROM tenant_data.records x "
        "WHERE x.tenant_id = $1 AND x.record_id = ANY($2) AND x.record_id > $3 "
        "AND x.deleted_at IS NULL ORDER BY x.record_id LIMIT $5" KASBAH_WINDOW_END("p.record_id")};

constexpr Statement kForget{"field_indexes.forget",
                            "DELETE FROM tenant_data.record_index "
                            "WHERE tenant_id = $1 AND field_id = $2 AND record_id = ANY($3)",
                            Access::kWrite};

constexpr Statement kInsert{
    "field_indexes.insert",
    "INSERT INTO tenant_data.record_index "
    "(tenant_id, field_id, record_id, customer_id, v_text, v_int, v_ts) "
    "SELECT $1, $2, t.record_id, t.customer_id, t.v_text, t.v_int, t.v_ts "
    "FROM unnest($3, $4, $5, $6, $7) AS t (record_id, customer_id, v_text, v_int, v_ts)",
    Access::kWrite};

constexpr Statement kForgetPairs{"field_indexes.forget_pairs",
                                 "DELETE FROM tenant_data.record_index "
                                 "WHERE tenant_id = $1 AND record_id = ANY($3) AND pair_id = $2",
                                 Access::kWrite};

constexpr Statement kForgetUnique{"field_indexes.forget_unique",
                                  "DELETE FROM tenant_data.record_unique "
                                  "WHERE tenant_id = $1 AND field_id = $2 AND record_id = ANY($3)",
                                  Access::kWrite};

constexpr Statement kInsertUnique{
    "field_indexes.insert_unique",
    "INSERT INTO tenant_data.record_unique (tenant_id, field_id, record_id, customer_id, value) "
    "SELECT $1, $2, t.record_id, t.customer_id, t.value "
    "FROM unnest($3, $4, $5) AS t (record_id, customer_id, value) "
    "ON CONFLICT (tenant_id, field_id, value) DO NOTHING RETURNING record_id",
    Access::kWrite};

constexpr Statement kAdvance{
    "field_indexes.advance",
    "UPDATE tenant_data.field_indexes SET last_record = $3, conflicts = (conflicts || $4)[1:100], "
    "due_at = $6, finished_at = $5, state = CASE WHEN $5 IS NULL THEN 'building' "
    "WHEN cardinality(conflicts || $4) = 0 THEN 'ready' ELSE 'conflicts' END "
    "WHERE tenant_id = $1 AND field_id = $2",
    Access::kWrite};

Pending<ScannedPage> PageOf(Pending<Result> rows, int64_t limit) {
  return std::move(rows).Map([limit](const Result& found_rows) {
    ScannedPage page;
    bool is_followed = false;
    for (const Row& row : found_rows) {
      page.records.push_back({row.Get<RecordId>(0), row.Get<std::optional<CustomerId>>(1),
                              row.Get<std::string>(2),
                              row.Get<std::optional<std::string>>(3).value_or("")});
      is_followed = row.Get<bool>(4);
    }
    page.is_last = found_rows.size() < limit && !is_followed;
    return page;
  });
}

}  // namespace

void IndexBuildStore::Begin(Transaction& tx, const CallContext& call, CollectionId collection,
                            const std::vector<FieldId>& fields, absl::Time now) const {
  if (!fields.empty()) tx.Run(kBegin, call.tenant, collection, fields, now);
}

Pending<std::vector<DueBuild>> IndexBuildStore::ListDue(Transaction& tx, absl::Time now,
                                                        int64_t limit) const {
  return tx.Run(kListDue, now, limit).Map([](const Result& rows) {
    std::vector<DueBuild> due;
    for (const Row& row : rows) {
      due.push_back({row.Get<TenantId>(0), row.Get<CollectionId>(1), row.Get<FieldId>(2)});
    }
    return due;
  });
}

void IndexBuildStore::PutOff(Transaction& tx, const CallContext& call, FieldId field,
                             absl::Time until) const {
  tx.Run(kPutOff, call.tenant, field, until);
}

void IndexBuildStore::Pause(Transaction& tx, const CallContext& call,
                            CollectionId collection) const {
  tx.Run(kPause, call.tenant, collection);
}

void IndexBuildStore::GoOn(Transaction& tx, const CallContext& call, CollectionId collection,
                           absl::Time now) const {
  tx.Run(kGoOn, call.tenant, collection, now);
}

Pending<std::optional<RecordId>> IndexBuildStore::Claim(Transaction& tx, const CallContext& call,
                                                        FieldId field) const {
  return tx.Run(kClaim, call.tenant, field).Map([](const Result& rows) -> std::optional<RecordId> {
    if (rows.empty()) return std::nullopt;
    return rows[0].Get<RecordId>(0);
  });
}

Pending<ScannedPage> IndexBuildStore::Records(Transaction& tx, const CallContext& call,
                                              CollectionId collection, RecordId after,
                                              const std::vector<std::string>& keys, int64_t limit,
                                              Scan scan) const {
  return PageOf(tx.Run(scan == Scan::kForBuild ? kScanHeld : kScan, call.tenant, collection, after,
                       keys, limit),
                limit);
}

Pending<ScannedPage> IndexBuildStore::RecordsOf(Transaction& tx, const CallContext& call,
                                                const std::vector<RecordId>& records,
                                                RecordId after,
                                                const std::vector<std::string>& keys) const {
  // More than there can be: only the window ends a page.
  const auto limit = static_cast<int64_t>(records.size()) + 1;
  return PageOf(tx.Run(kScanOf, call.tenant, records, after, keys, limit), limit);
}

void IndexBuildStore::Replace(Transaction& tx, const CallContext& call, FieldId field,
                              const std::vector<RecordId>& records,
                              const std::vector<BuiltValue>& values) const {
  tx.Run(kForget, call.tenant, field, records);
  std::vector<RecordId> ids;
  std::vector<std::optional<CustomerId>> customers;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<int64_t>> integers;
  std::vector<std::optional<absl::Time>> times;
  for (const BuiltValue& value : values) {
    ids.push_back(value.record);
    customers.push_back(value.customer);
    texts.push_back(value.key.text);
    integers.push_back(value.key.integer);
    times.push_back(value.key.time);
  }
  tx.Run(kInsert, call.tenant, field, ids, customers, texts, integers, times);
}

void IndexBuildStore::ForgetPairs(Transaction& tx, const CallContext& call, FieldId pair,
                                  const std::vector<RecordId>& records) const {
  tx.Run(kForgetPairs, call.tenant, pair, records);
}

Pending<Result> IndexBuildStore::ReplaceUnique(Transaction& tx, const CallContext& call,
                                               FieldId field, const std::vector<RecordId>& records,
                                               const std::vector<BuiltValue>& values) const {
  tx.Run(kForgetUnique, call.tenant, field, records);
  std::vector<RecordId> ids;
  std::vector<std::optional<CustomerId>> customers;
  std::vector<postgres::OwnedBytes> bytes;
  for (const BuiltValue& value : values) {
    ids.push_back(value.record);
    customers.push_back(value.customer);
    bytes.push_back({value.unique});
  }
  return tx.Run(kInsertUnique, call.tenant, field, ids, customers, bytes);
}

void IndexBuildStore::Advance(Transaction& tx, const CallContext& call, FieldId field,
                              RecordId last, const std::vector<RecordId>& conflicts, absl::Time now,
                              bool is_last) const {
  const auto finished = is_last ? std::make_optional(now) : std::nullopt;
  tx.Run(kAdvance, call.tenant, field, last, conflicts, finished, now);
}

}  // namespace kasbah::tenantdata
