#include "services/tenant_data/store/record_store.h"

#include <utility>

#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Json;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

#define KASBAH_RECORD                                                                         \
  "SELECT r.record_id, r.collection_id, r.customer_id, r.schema_version, r.version, r.data, " \
  "r.sealed, r.created_at, r.updated_at "

constexpr Statement kGet{"records.get", KASBAH_RECORD
                         "FROM tenant_data.records r "
                         "WHERE r.tenant_id = $1 AND r.record_id = $2 AND r.deleted_at IS NULL"};

constexpr Statement kList{"records.list", KASBAH_RECORD
                          "FROM tenant_data.records r "
                          "WHERE r.tenant_id = $1 AND r.collection_id = $2 AND r.record_id > $3 "
                          "AND r.deleted_at IS NULL ORDER BY r.record_id LIMIT $4"};

// The driving condition walks one partial index in the order of the page; the others are looked up
// by record. One statement for each typed column, since which index serves must not be a guess.
#define KASBAH_FIND(column)                                                                   \
  KASBAH_RECORD                                                                               \
  "FROM tenant_data.record_index i "                                                          \
  "JOIN tenant_data.records r ON r.tenant_id = i.tenant_id AND r.record_id = i.record_id "    \
  "WHERE i.tenant_id = $1 AND i.field_id = $5 AND i." column                                  \
  " = $6 AND i.record_id > $3 "                                                               \
  "AND r.tenant_id = $1 AND r.collection_id = $2 AND r.deleted_at IS NULL "                   \
  "AND NOT EXISTS (SELECT FROM unnest($7, $8, $9, $10) AS f (field_id, v_text, v_int, v_ts) " \
  "WHERE NOT EXISTS (SELECT FROM tenant_data.record_index x WHERE x.tenant_id = $1 "          \
  "AND x.record_id = i.record_id AND x.field_id = f.field_id "                                \
  "AND (x.v_text = f.v_text OR x.v_int = f.v_int OR x.v_ts = f.v_ts))) "                      \
  "ORDER BY i.record_id LIMIT $4"

constexpr Statement kFindText{"records.find_text", KASBAH_FIND("v_text")};
constexpr Statement kFindInt{"records.find_int", KASBAH_FIND("v_int")};
constexpr Statement kFindTime{"records.find_time", KASBAH_FIND("v_ts")};

constexpr Statement kHistory{
    "records.history",
    "SELECT version, change, collection_id, schema_version, data, sealed, actor_kind, actor_id, "
    "request_id, changed_at FROM tenant_data.record_history "
    "WHERE tenant_id = $1 AND record_id = $2 AND version < $3 ORDER BY version DESC LIMIT $4"};

constexpr Statement kInsert{
    "records.insert",
    "WITH stored AS (INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, "
    "customer_id, schema_version, version, data, sealed, created_at, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $8)) "
    "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, change, "
    "collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, changed_at) "
    "VALUES ($1, $2, 1, $4, 'created', $3, $5, $6, $7, $9, $10, $11, $8)",
    Access::kWrite};

constexpr Statement kInsertMany{
    "records.insert_many",
    "WITH given AS (SELECT * FROM unnest($2, $6, $7) AS t (record_id, data, sealed)), "
    "stored AS (INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, "
    "customer_id, schema_version, version, data, sealed, created_at, updated_at) "
    "SELECT $1, record_id, $3, $4, $5, 1, data, sealed, $8, $8 FROM given) "
    "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, change, "
    "collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, changed_at) "
    "SELECT $1, record_id, 1, $4, 'created', $3, $5, data, sealed, $9, $10, $11, $8 FROM given",
    Access::kWrite};

constexpr Statement kUpdate{
    "records.update",
    "WITH changed AS (UPDATE tenant_data.records SET version = version + 1, schema_version = $4, "
    "data = $5, sealed = $6, updated_at = $7 "
    "WHERE tenant_id = $1 AND record_id = $2 AND version = $3 AND deleted_at IS NULL "
    "RETURNING record_id, version, customer_id, collection_id, schema_version, data, sealed), "
    "kept AS (INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, "
    "change, collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, "
    "changed_at) SELECT $1, record_id, version, customer_id, 'updated', collection_id, "
    "schema_version, data, sealed, $8, $9, $10, $7 FROM changed) "
    "SELECT core.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')",
    Access::kWrite};

constexpr Statement kDelete{
    "records.delete",
    "WITH removed AS (UPDATE tenant_data.records SET version = version + 1, deleted_at = $4, "
    "updated_at = $4 WHERE tenant_id = $1 AND record_id = $2 AND deleted_at IS NULL "
    "AND ($3::bigint IS NULL OR version = $3) "
    "RETURNING record_id, version, customer_id, collection_id, schema_version, data, sealed), "
    "kept AS (INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, "
    "change, collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, "
    "changed_at) SELECT $1, record_id, version, customer_id, 'deleted', collection_id, "
    "schema_version, data, sealed, $5, $6, $7, $4 FROM removed) "
    "SELECT core.require(r.record_id IS NOT NULL, CASE WHEN $3 IS NOT NULL AND EXISTS ("
    "SELECT FROM tenant_data.records o WHERE o.tenant_id = $1 AND o.record_id = $2 "
    "AND o.deleted_at IS NULL) THEN 'ETAG_MISMATCH' ELSE 'NOT_FOUND' END), "
    "r.collection_id, c.key, r.customer_id, r.version "
    "FROM (VALUES (1)) AS one LEFT JOIN removed r ON true "
    "LEFT JOIN tenant_data.collections c "
    "ON c.tenant_id = $1 AND c.collection_id = r.collection_id",
    Access::kWrite};

std::optional<Bytes> SealedParam(const std::string& sealed) {
  if (sealed.empty()) return std::nullopt;
  return Bytes{sealed};
}

StoredRecord ReadRecord(const Row& row) {
  StoredRecord record;
  record.id = row.Get<RecordId>(0);
  record.collection = row.Get<CollectionId>(1);
  record.customer = row.Get<std::optional<CustomerId>>(2);
  record.schema_version = row.Get<uint32_t>(3);
  record.version = row.Get<uint64_t>(4);
  record.data = row.Get<std::string>(5);
  record.sealed = row.Get<std::optional<std::string>>(6).value_or("");
  record.created = row.Get<absl::Time>(7);
  record.updated = row.Get<absl::Time>(8);
  return record;
}

std::vector<StoredRecord> ReadRecords(const Result& rows) {
  std::vector<StoredRecord> records;
  records.reserve(static_cast<size_t>(rows.size()));
  for (const Row& row : rows) records.push_back(ReadRecord(row));
  return records;
}

StoredVersion ReadVersion(const Row& row) {
  StoredVersion version;
  version.version = row.Get<uint64_t>(0);
  version.change = row.Get<std::string>(1);
  version.collection = row.Get<CollectionId>(2);
  version.schema_version = row.Get<uint32_t>(3);
  version.data = row.Get<std::string>(4);
  version.sealed = row.Get<std::optional<std::string>>(5).value_or("");
  version.actor_kind = row.Get<std::string>(6);
  version.actor_id = row.Get<std::string>(7);
  version.request_id = row.Get<std::string>(8);
  version.time = row.Get<absl::Time>(9);
  return version;
}

// All conditions but the first, as arrays.
struct OtherConditions {
  std::vector<FieldId> fields;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<int64_t>> integers;
  std::vector<std::optional<absl::Time>> times;
};

OtherConditions AllButFirst(const std::vector<Condition>& conditions) {
  OtherConditions others;
  for (size_t i = 1; i < conditions.size(); ++i) {
    others.fields.push_back(conditions[i].field);
    others.texts.push_back(conditions[i].key.text);
    others.integers.push_back(conditions[i].key.integer);
    others.times.push_back(conditions[i].key.time);
  }
  return others;
}

}  // namespace

Pending<StoredRecord> RecordStore::Get(Transaction& tx, const CallContext& call,
                                       RecordId id) const {
  return tx.RunForOne(kGet, "record", ReadRecord, call.tenant, id);
}

Pending<std::vector<StoredRecord>> RecordStore::List(Transaction& tx, const CallContext& call,
                                                     CollectionId collection,
                                                     const std::vector<Condition>& conditions,
                                                     RecordId after, int64_t limit) const {
  if (conditions.empty()) {
    return tx.Run(kList, call.tenant, collection, after, limit).Map(ReadRecords);
  }
  const OtherConditions others = AllButFirst(conditions);
  const auto find = [&](const Statement& statement, const auto& value) {
    return tx
        .Run(statement, call.tenant, collection, after, limit, conditions[0].field, value,
             others.fields, others.texts, others.integers, others.times)
        .Map(ReadRecords);
  };
  const IndexKey& first = conditions[0].key;
  if (first.text) return find(kFindText, *first.text);
  if (first.integer) return find(kFindInt, *first.integer);
  return find(kFindTime, *first.time);
}

Pending<std::vector<StoredVersion>> RecordStore::History(Transaction& tx, const CallContext& call,
                                                         RecordId id, uint64_t before,
                                                         int64_t limit) const {
  return tx.Run(kHistory, call.tenant, id, before, limit).Map([](const Result& rows) {
    std::vector<StoredVersion> versions;
    for (const Row& row : rows) versions.push_back(ReadVersion(row));
    return versions;
  });
}

Pending<Result> RecordStore::Insert(Transaction& tx, const CallContext& call,
                                    const StoredRecord& record) const {
  return tx.Run(kInsert, call.tenant, record.id, record.collection, record.customer,
                record.schema_version, Json{record.data}, SealedParam(record.sealed),
                record.created, call.actor.kind, call.actor.id, call.request_id);
}

Pending<Result> RecordStore::InsertMany(Transaction& tx, const CallContext& call,
                                        const std::vector<StoredRecord>& records) const {
  KASBAH_CHECK(!records.empty());
  std::vector<RecordId> ids;
  std::vector<postgres::OwnedJson> data;
  std::vector<std::optional<postgres::OwnedBytes>> sealed;
  for (const StoredRecord& record : records) {
    ids.push_back(record.id);
    data.push_back({record.data});
    sealed.push_back(record.sealed.empty()
                         ? std::nullopt
                         : std::make_optional(postgres::OwnedBytes{record.sealed}));
  }
  const StoredRecord& one = records.front();
  return tx.Run(kInsertMany, call.tenant, ids, one.collection, one.customer, one.schema_version,
                data, sealed, one.created, call.actor.kind, call.actor.id, call.request_id);
}

Pending<Result> RecordStore::Update(Transaction& tx, const CallContext& call,
                                    const StoredRecord& record) const {
  return tx.Run(kUpdate, call.tenant, record.id, record.version, record.schema_version,
                Json{record.data}, SealedParam(record.sealed), record.updated, call.actor.kind,
                call.actor.id, call.request_id);
}

Pending<RemovedRecord> RecordStore::Delete(Transaction& tx, const CallContext& call, RecordId id,
                                           std::optional<uint64_t> version, absl::Time now) const {
  return tx.RunForOne(
      kDelete, "record",
      [](const Row& row) {
        return RemovedRecord{row.Get<CollectionId>(1), row.Get<std::string>(2),
                             row.Get<std::optional<CustomerId>>(3), row.Get<uint64_t>(4)};
      },
      call.tenant, id, version, now, call.actor.kind, call.actor.id, call.request_id);
}

}  // namespace kasbah::tenantdata
