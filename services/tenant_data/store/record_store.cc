#include "services/tenant_data/store/record_store.h"

#include <utility>

#include "libs/base/error.h"
#include "services/tenant_data/store/byte_window.h"

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

constexpr Statement kGet{"records.get", KASBAH_RECORD
                         "FROM tenant_data.records r "
                         "WHERE r.tenant_id = $1 AND r.record_id = $2 AND r.deleted_at IS NULL"};

constexpr Statement kGetMany{
    "records.get_many", KASBAH_RECORD ", r.is_followed " KASBAH_WINDOW("s.*") KASBAH_RECORD
    "FROM tenant_data.records r WHERE r.tenant_id = $1 AND r.record_id = ANY($2) "
    "AND r.deleted_at IS NULL" KASBAH_WINDOW_END("p.record_id")};

constexpr Statement kGetDeleted{"records.get_deleted", KASBAH_RECORD
                                "FROM tenant_data.records r WHERE r.tenant_id = $1 "
                                "AND r.record_id = $2 AND r.deleted_at IS NOT NULL"};

// What was true then is the last version that was made by then, unless it is a deletion.
#define KASBAH_AS_OF                                                                          \
  "SELECT r.record_id, r.collection_id, r.customer_id, h.schema_version, h.version, h.data, " \
  "h.sealed, r.created_at, h.changed_at, " KASBAH_SUBJECT_THEN                                \
  " FROM ("                                                                                   \
  "SELECT version, change, schema_version, data, sealed, changed_at "                         \
  "FROM tenant_data.record_history WHERE tenant_id = $1 AND record_id = $2 AND "
#define KASBAH_AS_OF_END                                                              \
  " ORDER BY version DESC LIMIT 1) h JOIN tenant_data.records r ON r.tenant_id = $1 " \
  "AND r.record_id = $2 WHERE h.change <> 'deleted'"

constexpr Statement kAtTime{"records.at_time", KASBAH_AS_OF "changed_at <= $3" KASBAH_AS_OF_END};
constexpr Statement kAtVersion{"records.at_version", KASBAH_AS_OF "version = $3" KASBAH_AS_OF_END};

constexpr Statement kHistory{
    "records.history",
    "SELECT version, change, collection_id, schema_version, data, sealed, actor_kind, actor_id, "
    "request_id, changed_at, changed, is_followed " KASBAH_WINDOW("s.*")
    "SELECT * FROM tenant_data.record_history WHERE tenant_id = $1 AND record_id = $2 "
    "AND version < $3 ORDER BY version DESC LIMIT $4" KASBAH_WINDOW_END("p.version DESC")};

constexpr Statement kInsert{
    "records.insert",
    "WITH stored AS (INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, "
    "customer_id, schema_version, version, data, sealed, created_at, updated_at, subject) "
    "VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $8, $12)) "
    "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, change, "
    "collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, changed_at) "
    "SELECT $1, $2, 1, $4, 'created', $3, $5, $6, $7, $9, $10, $11, $8 "
    "FROM tenant_data.take_room($1, 'records', 1)",
    Access::kWrite};

constexpr Statement kInsertMany{
    "records.insert_many",
    "WITH given AS (SELECT * FROM unnest($2, $6, $7, $12) "
    "AS t (record_id, data, sealed, subject)), "
    "stored AS (INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, "
    "customer_id, schema_version, version, data, sealed, created_at, updated_at, subject) "
    "SELECT $1, record_id, $3, $4, $5, 1, data, sealed, $8, $8, subject FROM given) "
    "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, change, "
    "collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, changed_at) "
    "SELECT $1, record_id, 1, $4, 'created', $3, $5, data, sealed, $9, $10, $11, $8 FROM given, "
    "tenant_data.take_room($1, 'records', cardinality($2))",
    Access::kWrite};

constexpr Statement kUpdate{
    "records.update",
    "WITH changed AS (UPDATE tenant_data.records SET version = version + 1, schema_version = $4, "
    "data = $5, sealed = $6, updated_at = $7, subject = coalesce($12, subject), "
    "subject_from = CASE WHEN $12 IS NULL THEN subject_from ELSE version + 1 END "
    "WHERE tenant_id = $1 AND record_id = $2 AND version = $3 AND deleted_at IS NULL "
    "RETURNING record_id, version, customer_id, collection_id, schema_version, data, sealed), "
    "kept AS (INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, "
    "change, collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, "
    "changed_at, changed) SELECT $1, record_id, version, customer_id, 'updated', collection_id, "
    "schema_version, data, sealed, $8, $9, $10, $7, $11 FROM changed) "
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

constexpr Statement kRestore{
    "records.restore",
    "WITH changed AS (UPDATE tenant_data.records SET version = version + 1, schema_version = $4, "
    "data = $5, sealed = $6, updated_at = $7, deleted_at = NULL "
    "WHERE tenant_id = $1 AND record_id = $2 AND version = $3 AND deleted_at IS NOT NULL "
    "RETURNING record_id, version, customer_id, collection_id, schema_version, data, sealed), "
    "kept AS (INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, "
    "change, collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, "
    "changed_at, changed) SELECT $1, record_id, version, customer_id, 'restored', collection_id, "
    "schema_version, data, sealed, $8, $9, $10, $7, $11 FROM changed) "
    "SELECT core.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')",
    Access::kWrite};

constexpr Statement kPurge{
    "records.purge",
    "WITH removed AS (DELETE FROM tenant_data.records WHERE tenant_id = $1 AND record_id = $2 "
    "AND ($3::bigint IS NULL OR version = $3) "
    "RETURNING record_id, version, customer_id, collection_id), "
    "past AS (DELETE FROM tenant_data.record_history h USING removed WHERE h.tenant_id = $1 "
    "AND h.record_id = removed.record_id) "
    "SELECT core.require(r.record_id IS NOT NULL, CASE WHEN $3 IS NOT NULL AND EXISTS ("
    "SELECT FROM tenant_data.records o WHERE o.tenant_id = $1 AND o.record_id = $2) "
    "THEN 'ETAG_MISMATCH' ELSE 'NOT_FOUND' END), "
    "r.collection_id, c.key, r.customer_id, r.version + 1 "
    "FROM tenant_data.give_room($1, 'records', (SELECT count(*) FROM removed)) AS one "
    "LEFT JOIN removed r ON true "
    "LEFT JOIN tenant_data.collections c "
    "ON c.tenant_id = $1 AND c.collection_id = r.collection_id",
    Access::kWrite};

std::optional<Bytes> SealedParam(const std::string& sealed) {
  if (sealed.empty()) return std::nullopt;
  return Bytes{sealed};
}

std::optional<std::string_view> SubjectParam(const std::string& subject) {
  if (subject.empty()) return std::nullopt;
  return subject;
}

RemovedRecord ReadRemoved(const Row& row) {
  return {row.Get<CollectionId>(1), row.Get<std::string>(2), row.Get<std::optional<CustomerId>>(3),
          row.Get<uint64_t>(4)};
}

constexpr int kVersionColumns = 11;

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
  version.changed = row.Get<std::optional<std::vector<std::string>>>(10);
  return version;
}

// Read by `read`, of rows whose column `is_followed` says that there was one more.
template <typename T>
Window<T> ReadWindow(const Result& rows, T (*read)(const Row&), int is_followed) {
  Window<T> window;
  for (const Row& row : rows) window.rows.push_back(read(row));
  window.is_cut = !rows.empty() && rows[rows.size() - 1].Get<bool>(is_followed);
  return window;
}

}  // namespace

Pending<StoredRecord> RecordStore::Get(Transaction& tx, const CallContext& call,
                                       RecordId id) const {
  return tx.RunForOne(kGet, "record", ReadRecord, call.tenant, id);
}

Pending<Window<StoredRecord>> RecordStore::GetMany(Transaction& tx, const CallContext& call,
                                                   const std::vector<RecordId>& ids) const {
  return tx.Run(kGetMany, call.tenant, ids).Map([](const Result& rows) {
    return ReadWindow(rows, ReadRecord, kRecordColumns);
  });
}

Pending<StoredRecord> RecordStore::GetDeleted(Transaction& tx, const CallContext& call,
                                              RecordId id) const {
  return tx.RunForOne(kGetDeleted, "deleted record", ReadRecord, call.tenant, id);
}

Pending<StoredRecord> RecordStore::AtTime(Transaction& tx, const CallContext& call, RecordId id,
                                          absl::Time time) const {
  return tx.RunForOne(kAtTime, "record", ReadRecord, call.tenant, id, time);
}

Pending<StoredRecord> RecordStore::AtVersion(Transaction& tx, const CallContext& call, RecordId id,
                                             uint64_t version) const {
  return tx.RunForOne(kAtVersion, "record", ReadRecord, call.tenant, id, version);
}

Pending<Window<StoredVersion>> RecordStore::History(Transaction& tx, const CallContext& call,
                                                    RecordId id, uint64_t before,
                                                    int64_t limit) const {
  return tx.Run(kHistory, call.tenant, id, before, limit).Map([](const Result& rows) {
    return ReadWindow(rows, ReadVersion, kVersionColumns);
  });
}

Pending<Result> RecordStore::Insert(Transaction& tx, const CallContext& call,
                                    const StoredRecord& record) const {
  return tx.Run(kInsert, call.tenant, record.id, record.collection, record.customer,
                record.schema_version, Json{record.data}, SealedParam(record.sealed),
                record.created, call.actor.kind, call.actor.id, call.request_id,
                SubjectParam(record.subject));
}

Pending<Result> RecordStore::InsertMany(Transaction& tx, const CallContext& call,
                                        const std::vector<StoredRecord>& records) const {
  KASBAH_CHECK(!records.empty());
  std::vector<RecordId> ids;
  std::vector<postgres::OwnedJson> data;
  std::vector<std::optional<postgres::OwnedBytes>> sealed;
  std::vector<std::optional<std::string>> subjects;
  for (const StoredRecord& record : records) {
    subjects.push_back(record.subject.empty() ? std::nullopt : std::make_optional(record.subject));
    ids.push_back(record.id);
    data.push_back({record.data});
    sealed.push_back(record.sealed.empty()
                         ? std::nullopt
                         : std::make_optional(postgres::OwnedBytes{record.sealed}));
  }
  const StoredRecord& one = records.front();
  return tx.Run(kInsertMany, call.tenant, ids, one.collection, one.customer, one.schema_version,
                data, sealed, one.created, call.actor.kind, call.actor.id, call.request_id,
                subjects);
}

Pending<Result> RecordStore::Update(Transaction& tx, const CallContext& call,
                                    const StoredRecord& record,
                                    const std::vector<std::string>& changed) const {
  return tx.Run(kUpdate, call.tenant, record.id, record.version, record.schema_version,
                Json{record.data}, SealedParam(record.sealed), record.updated, call.actor.kind,
                call.actor.id, call.request_id, changed, SubjectParam(record.subject));
}

Pending<Result> RecordStore::Restore(Transaction& tx, const CallContext& call,
                                     const StoredRecord& record,
                                     const std::vector<std::string>& changed) const {
  return tx.Run(kRestore, call.tenant, record.id, record.version, record.schema_version,
                Json{record.data}, SealedParam(record.sealed), record.updated, call.actor.kind,
                call.actor.id, call.request_id, changed);
}

Pending<RemovedRecord> RecordStore::Delete(Transaction& tx, const CallContext& call, RecordId id,
                                           std::optional<uint64_t> version, absl::Time now) const {
  return tx.RunForOne(kDelete, "record", ReadRemoved, call.tenant, id, version, now,
                      call.actor.kind, call.actor.id, call.request_id);
}

Pending<RemovedRecord> RecordStore::Purge(Transaction& tx, const CallContext& call, RecordId id,
                                          std::optional<uint64_t> version) const {
  return tx.RunForOne(kPurge, "record", ReadRemoved, call.tenant, id, version);
}

}  // namespace kasbah::tenantdata
