#include "services/tenant_data/store/file_store.h"

#include "services/tenant_data/store/file_deletion.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// The row of the tenant's usage is the lock: two uploads cannot both take the last bytes.
constexpr Statement kTake{"files.take", R"sql(
WITH room AS (
  SELECT coalesce((SELECT most FROM tenant_data.quotas
                   WHERE tenant_id = $1 AND meter = 'file_bytes'), $3) AS most
), taken AS (
  INSERT INTO tenant_data.file_usage AS u (tenant_id, bytes)
  SELECT $1, $2 FROM room WHERE $2 <= most
  ON CONFLICT (tenant_id) DO UPDATE SET bytes = u.bytes + excluded.bytes
    WHERE u.bytes + excluded.bytes <= (SELECT most FROM room)
  RETURNING bytes
) SELECT core.require_room(EXISTS (SELECT FROM taken), 'file_bytes'))sql",
                          Access::kWrite};

// A file of a record is of its record's customer and collection, and its subject's. The lock on the
// record is what one waits for who says whose data it is.
constexpr Statement kBegin{"files.begin", R"sql(
INSERT INTO tenant_data.files (tenant_id, file_id, customer_id, collection_id, record_id, name,
                               content_type, size, subject, in_share, state, data_key,
                               creator_kind, creator_id, created_at, due_at)
SELECT $1, $2, CASE WHEN $5::uuid IS NULL THEN $3 ELSE r.customer_id END,
       coalesce(r.collection_id, c.collection_id), $5, $6, $7, $8,
       coalesce(nullif($9, ''), r.subject, ''), $9 <> '', 'pending', $10, $11, $12, $13, $14
FROM (VALUES (1)) AS one
LEFT JOIN (SELECT * FROM tenant_data.records r
           WHERE r.tenant_id = $1 AND r.record_id = $5 AND r.deleted_at IS NULL FOR SHARE) r ON true
LEFT JOIN tenant_data.collections c ON c.tenant_id = $1 AND c.collection_id = $4
WHERE ($5 IS NULL OR (r.record_id IS NOT NULL AND ($3::uuid IS NULL OR r.customer_id = $3)
                      AND ($4::uuid IS NULL OR r.collection_id = $4)))
  AND ($4 IS NULL OR c.collection_id IS NOT NULL)
RETURNING customer_id, collection_id)sql",
                           Access::kWrite};

constexpr Statement kFinish{"files.finish", R"sql(
WITH finished AS (
  UPDATE tenant_data.files SET state = 'stored', due_at = NULL, content_type = $3, sha256 = $4
  WHERE tenant_id = $1 AND file_id = $2 AND state = 'pending' RETURNING file_id
) SELECT core.require(EXISTS (SELECT FROM finished), 'FILE_UPLOAD_EXPIRED'))sql",
                            Access::kWrite};

#define KASBAH_FILE                                                                           \
  "SELECT file_id, name, content_type, size, sha256, customer_id, collection_id, record_id, " \
  "subject, data_key, creator_kind, creator_id, created_at, in_share FROM tenant_data.files "

constexpr Statement kGet{"files.get",
                         KASBAH_FILE "WHERE tenant_id = $1 AND file_id = $2 AND state = 'stored'"};
constexpr Statement kGetPiece{
    "files.get_piece", KASBAH_FILE "WHERE tenant_id = $1 AND file_id = $2 AND state = 'export'"};
constexpr Statement kList{"files.list", KASBAH_FILE
                          "WHERE tenant_id = $1 AND file_id > $2 AND state = 'stored' "
                          "ORDER BY file_id LIMIT $3"};
constexpr Statement kListOfRecord{"files.list_of_record", KASBAH_FILE
                                  "WHERE tenant_id = $1 AND file_id > $2 AND state = 'stored' "
                                  "AND record_id = $4 ORDER BY file_id LIMIT $3"};

constexpr Statement kDelete{"files.delete",
                            KASBAH_DELETE_FILES("file_id = $3 AND state = 'stored'")
                            "SELECT content_type, size, customer_id, collection_id, record_id "
                            "FROM gone",
                            Access::kWrite};
constexpr Statement kGiveUp{
    "files.give_up",
    KASBAH_DELETE_FILES("file_id = $3 AND state = 'pending'") "SELECT count(*) FROM gone",
    Access::kWrite};
constexpr Statement kExpire{
    "files.expire",
    KASBAH_DELETE_FILES("file_id = $3 AND state = 'export'") "SELECT count(*) FROM gone",
    Access::kWrite};
constexpr Statement kDeleteAll{
    "files.delete_all", KASBAH_DELETE_FILES("state <> 'deleted'") "SELECT count(*) FROM gone",
    Access::kWrite};

constexpr Statement kPurge{"files.purge",
                           "DELETE FROM tenant_data.files"
                           " WHERE tenant_id = $1 AND file_id = $2 AND state = 'deleted'",
                           Access::kWrite};

constexpr Statement kFindRest{
    "files.find_rest",
    "SELECT state = 'pending', state = 'deleted', created_at,"
    " state = 'export' FROM tenant_data.files WHERE tenant_id = $1 AND file_id = $2"};

constexpr Statement kClaimDue{"upkeep.claim_due_files", R"sql(
WITH due AS (
  SELECT f.tenant_id, f.file_id FROM tenant_data.files f WHERE f.due_at <= $1
    -- Those that move are looked after when they are there.
    AND EXISTS (SELECT FROM core.tenants t WHERE t.tenant_id = f.tenant_id AND t.records = 'here')
  ORDER BY f.due_at LIMIT $3 FOR UPDATE OF f SKIP LOCKED
)
UPDATE tenant_data.files f SET due_at = $2 FROM due
WHERE f.tenant_id = due.tenant_id AND f.file_id = due.file_id
RETURNING f.tenant_id, f.file_id)sql",
                              Access::kWrite};

StoredFile ReadFile(const Row& row) {
  StoredFile file;
  file.id = row.Get<FileId>(0);
  file.name = row.Get<std::string>(1);
  file.content_type = row.Get<std::string>(2);
  file.size = row.Get<int64_t>(3);
  file.sha256 = row.Get<std::string>(4);
  file.customer = row.Get<std::optional<CustomerId>>(5);
  file.collection = row.Get<std::optional<CollectionId>>(6);
  file.record = row.Get<std::optional<RecordId>>(7);
  file.subject = row.Get<std::string>(8);
  file.data_key = row.Get<std::string>(9);
  file.creator_kind = row.Get<std::string>(10);
  file.creator_id = row.Get<std::string>(11);
  file.created = row.Get<absl::Time>(12);
  if (row.Get<bool>(13)) file.sealed_for = file.subject;
  return file;
}

std::vector<StoredFile> ReadFiles(const Result& rows) {
  std::vector<StoredFile> files;
  for (const Row& row : rows) files.push_back(ReadFile(row));
  return files;
}

int64_t CountOf(const Row& row) { return row.Get<int64_t>(0); }

}  // namespace

Pending<FileStore::Owner> FileStore::Begin(Transaction& tx, const CallContext& call, FileId id,
                                           const FileToBe& file, std::string_view data_key,
                                           int64_t tenant_bytes, absl::Time now,
                                           absl::Time due) const {
  tx.Run(kTake, call.tenant, file.size, tenant_bytes);
  return tx.RunForOne(
      kBegin, file.record ? "record" : "collection",
      [](const Row& row) {
        return Owner{row.Get<std::optional<CustomerId>>(0),
                     row.Get<std::optional<CollectionId>>(1)};
      },
      call.tenant, id, file.customer, file.collection, file.record, file.name, file.content_type,
      file.size, file.subject, Bytes{data_key}, call.actor.kind, call.actor.id, now, due);
}

Pending<Result> FileStore::Finish(Transaction& tx, const CallContext& call, FileId id,
                                  std::string_view content_type, std::string_view sha256) const {
  return tx.Run(kFinish, call.tenant, id, content_type, Bytes{sha256});
}

Pending<StoredFile> FileStore::Get(Transaction& tx, const CallContext& call, FileId id) const {
  return tx.RunForOne(kGet, "file", ReadFile, call.tenant, id);
}

Pending<StoredFile> FileStore::GetPiece(Transaction& tx, const CallContext& call, FileId id) const {
  return tx.RunForOne(kGetPiece, "export", ReadFile, call.tenant, id);
}

Pending<std::vector<StoredFile>> FileStore::List(Transaction& tx, const CallContext& call,
                                                 std::optional<RecordId> record, FileId after,
                                                 int64_t limit) const {
  if (!record) return tx.Run(kList, call.tenant, after, limit).Map(ReadFiles);
  return tx.Run(kListOfRecord, call.tenant, after, limit, *record).Map(ReadFiles);
}

Pending<StoredFile> FileStore::Delete(Transaction& tx, const CallContext& call, FileId id,
                                      absl::Time now) const {
  return tx.RunForOne(
      kDelete, "file",
      [id](const Row& row) {
        StoredFile file;
        file.id = id;
        file.content_type = row.Get<std::string>(0);
        file.size = row.Get<int64_t>(1);
        file.customer = row.Get<std::optional<CustomerId>>(2);
        file.collection = row.Get<std::optional<CollectionId>>(3);
        file.record = row.Get<std::optional<RecordId>>(4);
        return file;
      },
      call.tenant, now, id);
}

Pending<bool> FileStore::GiveUp(Transaction& tx, const CallContext& call, FileId id,
                                absl::Time now) const {
  return tx.RunForOne(
      kGiveUp, "file", [](const Row& row) { return CountOf(row) > 0; }, call.tenant, now, id);
}

Pending<int64_t> FileStore::Expire(Transaction& tx, const CallContext& call, FileId id,
                                   absl::Time now) const {
  return tx.RunForOne(kExpire, "file", CountOf, call.tenant, now, id);
}

Pending<int64_t> FileStore::DeleteAll(Transaction& tx, const CallContext& call,
                                      absl::Time now) const {
  return tx.RunForOne(kDeleteAll, "file", CountOf, call.tenant, now);
}

Pending<Result> FileStore::Purge(Transaction& tx, const CallContext& call, FileId id) const {
  return tx.Run(kPurge, call.tenant, id);
}

Pending<std::optional<FileStore::Rest>> FileStore::FindRest(Transaction& tx,
                                                            const CallContext& call,
                                                            FileId id) const {
  return tx.Run(kFindRest, call.tenant, id).Map([](const Result& rows) {
    std::optional<Rest> rest;
    if (!rows.empty()) {
      rest = {rows[0].Get<bool>(0), rows[0].Get<bool>(1), rows[0].Get<bool>(3),
              rows[0].Get<absl::Time>(2)};
    }
    return rest;
  });
}

Pending<std::vector<DueFile>> ClaimDueFiles(Transaction& tx, absl::Time now, absl::Time until,
                                            int limit) {
  return tx.Run(kClaimDue, now, until, static_cast<int64_t>(limit)).Map([](const Result& rows) {
    std::vector<DueFile> due;
    for (const Row& row : rows) due.push_back({row.Get<TenantId>(0), row.Get<FileId>(1)});
    return due;
  });
}

}  // namespace kasbah::tenantdata
