// Files of a person and of a record, as erasures and purges find them.

#include "services/tenant_data/store/file_deletion.h"
#include "services/tenant_data/store/file_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// Before they are deleted, to know of which subscribers were told.
constexpr Statement kHoldOfSubject{"files.hold_of_subject",
                                   "SELECT file_id, state = 'stored' FROM tenant_data.files "
                                   "WHERE tenant_id = $1 AND subject = $2 AND subject <> '' "
                                   "ORDER BY file_id LIMIT $3 FOR UPDATE"};
constexpr Statement kHoldOfRecord{"files.hold_of_record",
                                  "SELECT file_id, state = 'stored' FROM tenant_data.files "
                                  "WHERE tenant_id = $1 AND record_id = $2 AND state <> 'deleted' "
                                  "ORDER BY file_id FOR UPDATE"};
#define KASBAH_GONE \
  "SELECT file_id, content_type, size, customer_id, collection_id, record_id FROM gone"
constexpr Statement kDeleteHeld{
    "files.delete_held",
    KASBAH_DELETE_FILES("file_id = ANY($3) AND state <> 'deleted'") KASBAH_GONE, Access::kWrite};
// Of its own statement: it sees what whoever held a file before has committed.
constexpr Statement kDeleteUnnamed{
    "files.delete_unnamed",
    KASBAH_DELETE_FILES("file_id = ANY($3) AND state <> 'deleted' AND NOT EXISTS ("
                        "SELECT FROM tenant_data.file_references n WHERE n.tenant_id = $1 "
                        "AND n.file_id = files.file_id)") KASBAH_GONE,
    Access::kWrite};
constexpr Statement kFindOfSubject{"files.find_of_subject",
                                   "SELECT file_id, name FROM tenant_data.files"
                                   " WHERE tenant_id = $1 AND subject = $2 AND subject <> ''"
                                   " AND file_id > $3 ORDER BY file_id LIMIT $4"};

// What is said later than the key was sealed is not what it is sealed for.
constexpr Statement kGiveSubject{"files.give_subject",
                                 "UPDATE tenant_data.files SET subject = $3, in_share = false"
                                 " WHERE tenant_id = $1 AND record_id = $2 AND subject = ''"
                                 " AND state IN ('pending', 'stored')",
                                 Access::kWrite};

constexpr Statement kSubjectOfRecord{"files.subject_of_record",
                                     "SELECT coalesce(subject, '') FROM tenant_data.records"
                                     " WHERE tenant_id = $1 AND record_id = $2"
                                     " AND deleted_at IS NULL"};

// What is left to say of a deleted one.
std::vector<StoredFile> ReadGone(const Result& rows) {
  std::vector<StoredFile> gone;
  for (const Row& row : rows) {
    StoredFile& file = gone.emplace_back();
    file.id = row.Get<FileId>(0);
    file.content_type = row.Get<std::string>(1);
    file.size = row.Get<int64_t>(2);
    file.customer = row.Get<std::optional<CustomerId>>(3);
    file.collection = row.Get<std::optional<CollectionId>>(4);
    file.record = row.Get<std::optional<RecordId>>(5);
  }
  return gone;
}

std::vector<FileStore::Held> ReadHeld(const Result& rows) {
  std::vector<FileStore::Held> held;
  for (const Row& row : rows) held.push_back({row.Get<FileId>(0), row.Get<bool>(1)});
  return held;
}

std::vector<FileId> IdsOf(const std::vector<FileStore::Held>& held) {
  std::vector<FileId> ids;
  for (const FileStore::Held& file : held) ids.push_back(file.id);
  return ids;
}

}  // namespace

Pending<std::vector<FileStore::Held>> FileStore::HoldOfSubject(Transaction& tx,
                                                               const CallContext& call,
                                                               const std::string& subject,
                                                               int64_t limit) const {
  return tx.Run(kHoldOfSubject, call.tenant, subject, limit).Map(ReadHeld);
}

Pending<std::vector<FileStore::Held>> FileStore::HoldOfRecord(Transaction& tx,
                                                              const CallContext& call,
                                                              RecordId record) const {
  return tx.Run(kHoldOfRecord, call.tenant, record).Map(ReadHeld);
}

Pending<std::vector<StoredFile>> FileStore::DeleteHeld(Transaction& tx, const CallContext& call,
                                                       const std::vector<Held>& held,
                                                       absl::Time now) const {
  return tx.Run(kDeleteHeld, call.tenant, now, IdsOf(held)).Map(ReadGone);
}

Pending<std::vector<StoredFile>> FileStore::DeleteUnnamed(Transaction& tx, const CallContext& call,
                                                          const std::vector<Held>& held,
                                                          absl::Time now) const {
  return tx.Run(kDeleteUnnamed, call.tenant, now, IdsOf(held)).Map(ReadGone);
}

void FileStore::GiveSubject(Transaction& tx, const CallContext& call, RecordId record,
                            const std::string& subject) const {
  tx.Run(kGiveSubject, call.tenant, record, subject);
}

Pending<std::string> FileStore::SubjectOfRecord(Transaction& tx, const CallContext& call,
                                                RecordId record) const {
  return tx.RunForOne(
      kSubjectOfRecord, "record", [](const Row& row) { return row.Get<std::string>(0); },
      call.tenant, record);
}

Pending<std::vector<FileStore::OfSubject>> FileStore::FindOfSubject(Transaction& tx,
                                                                    const CallContext& call,
                                                                    const std::string& subject,
                                                                    FileId after,
                                                                    int64_t limit) const {
  return tx.Run(kFindOfSubject, call.tenant, subject, after, limit).Map([](const Result& rows) {
    std::vector<OfSubject> found;
    for (const Row& row : rows) found.push_back({row.Get<FileId>(0), row.Get<std::string>(1)});
    return found;
  });
}

}  // namespace kasbah::tenantdata
