#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// A value of a record, to be or stored, that names a file.
struct FileReference {
  RecordId record;
  FieldId field;
  FileId file;
};

// Reason of a transaction that NameAll failed; callers of the service never see it.
inline constexpr std::string_view kFileMissing = "FILE_MISSING";

// tenant_data.file_references: which values of live records name which files. A file can be named
// when it is stored and the record's customer's or nobody's; one that is being deleted is waited
// for, and one that is named cannot be deleted meanwhile. All of one call are of records of one
// customer, or of none.
class FileReferenceStore {
 public:
  // Notes all of them, or fails the transaction with kFileMissing.
  void NameAll(postgres::Transaction& tx, const CallContext& call,
               std::optional<CustomerId> customer,
               const std::vector<FileReference>& references) const;
  // Which of the files can be named. Changes nothing.
  postgres::Pending<absl::flat_hash_set<FileId>> Nameable(
      postgres::Transaction& tx, const CallContext& call, std::optional<CustomerId> customer,
      const std::vector<FileReference>& references) const;

  // Forgets a record's values of some fields, or all of them.
  void RemoveFields(postgres::Transaction& tx, const CallContext& call, RecordId record,
                    const std::vector<FieldId>& fields) const;
  void RemoveRecord(postgres::Transaction& tx, const CallContext& call, RecordId record) const;

  // Records that name the file, at most `limit`. Holds the file still until the transaction ends,
  // so that no record comes to name it.
  postgres::Pending<std::vector<RecordId>> HoldAndFindUsers(postgres::Transaction& tx,
                                                            const CallContext& call, FileId file,
                                                            int64_t limit) const;
};

}  // namespace kasbah::tenantdata
