#include "services/tenant_data/store/file_reference_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// A file that a record of customer $2 can name.
#define KASBAH_NAMEABLE                             \
  "SELECT f.file_id FROM tenant_data.files f "      \
  "WHERE f.tenant_id = $1 AND f.file_id = ANY($3) " \
  "AND f.state = 'stored' AND (f.customer_id IS NULL OR f.customer_id = $2)"

constexpr Statement kNameable{"file_references.nameable", KASBAH_NAMEABLE};

// The lock on the file is what a deletion waits for. Two values may name one file.
constexpr Statement kNameAll{
    "file_references.name_all",
    "WITH held AS MATERIALIZED (" KASBAH_NAMEABLE
    " ORDER BY f.file_id FOR SHARE), "
    "named AS (INSERT INTO tenant_data.file_references "
    "(tenant_id, file_id, record_id, field_id, customer_id) "
    "SELECT $1, t.file_id, t.record_id, t.field_id, $2 "
    "FROM unnest($3, $4, $5) AS t (file_id, record_id, field_id) "
    "JOIN held ON held.file_id = t.file_id RETURNING file_id) "
    "SELECT core.require((SELECT count(*) FROM named) = cardinality($3), 'FILE_MISSING')",
    Access::kWrite};

constexpr Statement kRemoveFields{"file_references.remove_fields",
                                  "DELETE FROM tenant_data.file_references "
                                  "WHERE tenant_id = $1 AND record_id = $2 AND field_id = ANY($3)",
                                  Access::kWrite};

constexpr Statement kRemoveRecord{
    "file_references.remove_record",
    "DELETE FROM tenant_data.file_references WHERE tenant_id = $1 AND record_id = $2",
    Access::kWrite};

constexpr Statement kHold{
    "file_references.hold",
    "SELECT file_id FROM tenant_data.files WHERE tenant_id = $1 AND file_id = $2 FOR UPDATE"};

constexpr Statement kFindUsers{"file_references.find_users",
                               "SELECT DISTINCT record_id FROM tenant_data.file_references "
                               "WHERE tenant_id = $1 AND file_id = $2 "
                               "ORDER BY record_id LIMIT $3"};

std::vector<FileId> FilesOf(const std::vector<FileReference>& references) {
  std::vector<FileId> files;
  for (const FileReference& reference : references) files.push_back(reference.file);
  return files;
}

}  // namespace

void FileReferenceStore::NameAll(Transaction& tx, const CallContext& call,
                                 std::optional<CustomerId> customer,
                                 const std::vector<FileReference>& references) const {
  if (references.empty()) return;
  std::vector<RecordId> records;
  std::vector<FieldId> fields;
  for (const FileReference& reference : references) {
    records.push_back(reference.record);
    fields.push_back(reference.field);
  }
  tx.Run(kNameAll, call.tenant, customer, FilesOf(references), records, fields);
}

Pending<absl::flat_hash_set<FileId>> FileReferenceStore::Nameable(
    Transaction& tx, const CallContext& call, std::optional<CustomerId> customer,
    const std::vector<FileReference>& references) const {
  return tx.Run(kNameable, call.tenant, customer, FilesOf(references)).Map([](const Result& rows) {
    absl::flat_hash_set<FileId> files;
    for (const Row& row : rows) files.insert(row.Get<FileId>(0));
    return files;
  });
}

void FileReferenceStore::RemoveFields(Transaction& tx, const CallContext& call, RecordId record,
                                      const std::vector<FieldId>& fields) const {
  if (!fields.empty()) tx.Run(kRemoveFields, call.tenant, record, fields);
}

void FileReferenceStore::RemoveRecord(Transaction& tx, const CallContext& call,
                                      RecordId record) const {
  tx.Run(kRemoveRecord, call.tenant, record);
}

Pending<std::vector<RecordId>> FileReferenceStore::HoldAndFindUsers(Transaction& tx,
                                                                    const CallContext& call,
                                                                    FileId file,
                                                                    int64_t limit) const {
  // Two statements: the second sees what whoever held the file before has committed.
  tx.Run(kHold, call.tenant, file);
  return tx.Run(kFindUsers, call.tenant, file, limit).Map([](const Result& rows) {
    std::vector<RecordId> users;
    for (const Row& row : rows) users.push_back(row.Get<RecordId>(0));
    return users;
  });
}

}  // namespace kasbah::tenantdata
