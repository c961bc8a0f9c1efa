#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/ciphertexts/sealed.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/file.h"

namespace kasbah::tenantdata {

// tenant_data.files and file_usage. Within a transaction of its tenant, unless said otherwise;
// stateless.
class FileStore {
 public:
  // A row for a file that is on its way, until `due`, and its bytes. FAILED_PRECONDITION,
  // QUOTA_EXCEEDED; NOT_FOUND for a collection, or a record of this customer, that is not
  // there. The customer that the file is of, and the collection.
  struct Owner {
    std::optional<CustomerId> customer;
    std::optional<CollectionId> collection;
  };
  postgres::Pending<Owner> Begin(postgres::Transaction& tx, const CallContext& call, FileId id,
                                 const FileToBe& file, std::string_view data_key,
                                 int64_t tenant_bytes, absl::Time now, absl::Time due) const;
  // Its object is there. FAILED_PRECONDITION, FILE_UPLOAD_EXPIRED, for one no longer on its way.
  postgres::Pending<postgres::Result> Finish(postgres::Transaction& tx, const CallContext& call,
                                             FileId id, std::string_view content_type,
                                             std::string_view sha256) const;

  postgres::Pending<StoredFile> Get(postgres::Transaction& tx, const CallContext& call,
                                    FileId id) const;
  // A piece of an archive, which no other call here shows.
  postgres::Pending<StoredFile> GetPiece(postgres::Transaction& tx, const CallContext& call,
                                         FileId id) const;
  // Those after `after`, of `record` if it is set.
  postgres::Pending<std::vector<StoredFile>> List(postgres::Transaction& tx,
                                                  const CallContext& call,
                                                  std::optional<RecordId> record, FileId after,
                                                  int64_t limit) const;

  // From here on nobody sees it and its key is gone; the upkeep does the rest. NOT_FOUND. What it
  // was, without what a person called it.
  postgres::Pending<StoredFile> Delete(postgres::Transaction& tx, const CallContext& call,
                                       FileId id, absl::Time now) const;
  // The same for one that is still on its way: whether it was.
  postgres::Pending<bool> GiveUp(postgres::Transaction& tx, const CallContext& call, FileId id,
                                 absl::Time now) const;
  // The same for a piece of an archive: how many.
  postgres::Pending<int64_t> Expire(postgres::Transaction& tx, const CallContext& call, FileId id,
                                    absl::Time now) const;
  // The same for all of the tenant's: how many.
  postgres::Pending<int64_t> DeleteAll(postgres::Transaction& tx, const CallContext& call,
                                       absl::Time now) const;
  // The row of one that is deleted, once its object is gone.
  postgres::Pending<postgres::Result> Purge(postgres::Transaction& tx, const CallContext& call,
                                            FileId id) const;

  // Why a file is due; null when its row is gone.
  struct Rest {
    bool is_pending = false;
    bool is_deleted = false;
    bool is_export = false;
    absl::Time created;
  };
  postgres::Pending<std::optional<Rest>> FindRest(postgres::Transaction& tx,
                                                  const CallContext& call, FileId id) const;

  struct OfSubject {
    FileId id;
    std::string name;
  };
  postgres::Pending<std::vector<OfSubject>> FindOfSubject(postgres::Transaction& tx,
                                                          const CallContext& call,
                                                          const std::string& subject, FileId after,
                                                          int64_t limit) const;

  // A file that is locked, and whether subscribers were told of it.
  struct Held {
    FileId id;
    bool is_stored = false;
  };
  // Some of a person's; all of a record's.
  postgres::Pending<std::vector<Held>> HoldOfSubject(postgres::Transaction& tx,
                                                     const CallContext& call,
                                                     const std::string& subject,
                                                     int64_t limit) const;
  postgres::Pending<std::vector<Held>> HoldOfRecord(postgres::Transaction& tx,
                                                    const CallContext& call, RecordId record) const;
  // As Delete: all of them, whoever names them, or those that no record names.
  postgres::Pending<std::vector<StoredFile>> DeleteHeld(postgres::Transaction& tx,
                                                        const CallContext& call,
                                                        const std::vector<Held>& held,
                                                        absl::Time now) const;
  postgres::Pending<std::vector<StoredFile>> DeleteUnnamed(postgres::Transaction& tx,
                                                           const CallContext& call,
                                                           const std::vector<Held>& held,
                                                           absl::Time now) const;

  // Those of a record that are nobody's are the record's new subject's from here on.
  void GiveSubject(postgres::Transaction& tx, const CallContext& call, RecordId record,
                   const std::string& subject) const;
  // Empty: nobody's. NOT_FOUND.
  postgres::Pending<std::string> SubjectOfRecord(postgres::Transaction& tx, const CallContext& call,
                                                 RecordId record) const;
};

// Through the upkeep's door, which sees which files are due and whose they are, and nothing more:
// takes some that are due until `until`, so that other replicas take others.
struct DueFile {
  TenantId tenant;
  FileId id;
};
postgres::Pending<std::vector<DueFile>> ClaimDueFiles(postgres::Transaction& tx, absl::Time now,
                                                      absl::Time until, int limit);

// The column data_key, as what it is to the vault's key that sealed it.
class FileKeyStore {
 public:
  static postgres::Pending<std::map<uint32_t, uint64_t>> Count(postgres::Transaction& tx,
                                                               TenantId tenant);
  using SealedKey = ciphertexts::Sealed<FileId>;
  static postgres::Pending<std::vector<SealedKey>> After(postgres::Transaction& tx, TenantId tenant,
                                                         uint32_t below, FileId after, int limit);
  static postgres::Pending<uint64_t> Replace(postgres::Transaction& tx, TenantId tenant,
                                             const std::vector<SealedKey>& before,
                                             const std::vector<SealedKey>& after);
};

}  // namespace kasbah::tenantdata
