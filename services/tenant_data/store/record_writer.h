#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/customer_store.h"
#include "services/tenant_data/store/file_reference_store.h"
#include "services/tenant_data/store/file_store.h"
#include "services/tenant_data/store/record_store.h"
#include "services/tenant_data/store/request_store.h"
#include "services/tenant_data/store/value_store.h"

namespace kasbah::tenantdata {

// What a sealed value is found by.
struct BlindEntry {
  FieldId field;
  std::string index;
};

// A record to be: valid, and its sealed values already ciphertexts.
struct NewRecord {
  RecordId id;
  std::optional<CustomerId> customer;
  ValidValues values;
  // Packed; empty: none.
  std::string sealed;
  // Of searchable values among them.
  std::vector<BlindEntry> blind;
  // Whose data it is; empty: nobody's.
  std::string subject;
};

struct Created {
  RecordId id;
  absl::Time time;
  // The request_id was used before: `id` is the record that its first call made.
  bool replayed = false;
};

// A record after an update, or after it was restored.
struct ChangedRecord {
  RecordId id;
  // What it must be now, and of whom.
  uint64_t version = 0;
  std::optional<CustomerId> customer;
  ValidValues values;
  std::string sealed;
  // Fields that the change names, whose index rows are made anew.
  std::vector<FieldId> named;
  std::vector<BlindEntry> blind;
  // Keys of those whose values differ.
  std::vector<std::string> changed;
  // Whose it is from now on, in whose share `sealed` is sealed; empty: whose it was.
  std::string new_subject = {};
};

// Writes single records: record, history, typed values, audit event and change event commit
// together in one round trip, or nothing does. A unique value that another record has, or a file
// that is not there, costs a second one, to say which. Thread safe.
//
// Errors beside the database's: INVALID_ARGUMENT with rule UNIQUE or REFERENCE; NOT_FOUND and
// CUSTOMER_SUSPENDED of the owner or the call's own customer; KEY_SHREDDED of a subject who was
// erased; ETAG_MISMATCH; REQUEST_ID_REUSED;
// DEFINITION_CHANGED, to be done again (Definitions::WriteUnderCurrent).
class RecordWriter {
 public:
  RecordWriter(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  absl::StatusOr<Created> Create(const CallContext& call, const RuleTable& rules,
                                 const NewRecord& record, const std::optional<RequestKey>& request);
  // The same without waiting, for a record of nobody with nothing unique, sealed or filed and no
  // request: its time, to `done` as Database::WithTenantShared says. DEFINITION_CHANGED also while
  // somebody may be changing the definition.
  void StartCreate(const CallContext& call, const RuleTable& rules, const NewRecord& record,
                   absl::AnyInvocable<void(std::optional<absl::StatusOr<absl::Time>>)> done);
  // The time of the update; the record's version is then `record.version` + 1.
  absl::StatusOr<absl::Time> Update(const CallContext& call, const RuleTable& rules,
                                    const ChangedRecord& record);
  // The same for one that is deleted: `record.values` holds all of its unique and indexed values,
  // which it takes again.
  absl::StatusOr<absl::Time> Restore(const CallContext& call, const RuleTable& rules,
                                     const ChangedRecord& record);
  absl::Status Delete(const CallContext& call, RecordId id, std::optional<uint64_t> version);
  // The record and its past, deleted or not, and the files that were uploaded to it, but for those
  // that another record names.
  absl::Status Purge(const CallContext& call, RecordId id, std::optional<uint64_t> version);

 private:
  // How taken unique values and missing files are found out: by failing the transaction, or by
  // waiting for the answer.
  enum class Claiming { kAtOnce, kWaiting };

  absl::Status TryCreate(const CallContext& call, const RuleTable& rules, const NewRecord& record,
                         const std::optional<RequestKey>& request, absl::Time now,
                         Claiming claiming);
  // "update" or "restore".
  absl::StatusOr<absl::Time> Change(const CallContext& call, const RuleTable& rules,
                                    const ChangedRecord& record, std::string_view verb);
  absl::Status TryChange(const CallContext& call, const RuleTable& rules,
                         const ChangedRecord& record, std::string_view verb, absl::Time now,
                         Claiming claiming);
  // All of a new record but its unique values and files.
  absl::Status Insert(postgres::Transaction& tx, const CallContext& call, const RuleTable& rules,
                      const NewRecord& record, absl::Time now);
  absl::Status ClaimValues(postgres::Transaction& tx, const CallContext& call,
                           const RuleTable& rules, RecordId record,
                           std::optional<CustomerId> customer, const ValidValues& values,
                           Claiming claiming);
  void InsertIndex(postgres::Transaction& tx, const CallContext& call, RecordId record,
                   std::optional<CustomerId> customer, const ValidValues& values,
                   const std::vector<BlindEntry>& blind);
  // Of a record that goes for good, and names none any more.
  absl::Status DeleteFiles(postgres::Transaction& tx, const CallContext& call, RecordId record);
  absl::StatusOr<Created> Replay(const CallContext& call, const RequestKey& request);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  CollectionStore collections_;
  CustomerStore customers_;
  RecordStore records_;
  ValueStore values_;
  FileReferenceStore files_;
  FileStore files_of_records_;
  RequestStore requests_;
};

}  // namespace kasbah::tenantdata
