#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {

// One version of a record's past.
struct StoredVersion {
  uint64_t version = 0;
  // "created", "updated", "deleted", "restored".
  std::string change;
  CollectionId collection;
  uint32_t schema_version = 1;
  std::string data;
  std::string sealed;
  std::string actor_kind;
  std::string actor_id;
  std::string request_id;
  absl::Time time;
  // Keys of the fields that it set or removed; unset where that was not noted: all that it has.
  std::optional<std::vector<std::string>> changed;
};

// As many of the first as are read at once (store/byte_window.h), and whether those are not all.
template <typename T>
struct Window {
  std::vector<T> rows;
  bool is_cut = false;
};

// What a deletion or a purge leaves to say.
struct RemovedRecord {
  CollectionId collection;
  std::string collection_key;
  std::optional<CustomerId> customer;
  uint64_t version = 0;
};

// tenant_data.records and record_history: each write keeps its version in the same statement.
class RecordStore {
 public:
  postgres::Pending<StoredRecord> Get(postgres::Transaction& tx, const CallContext& call,
                                      RecordId id) const;
  // Those of `ids` that there are, by id.
  postgres::Pending<Window<StoredRecord>> GetMany(postgres::Transaction& tx,
                                                  const CallContext& call,
                                                  const std::vector<RecordId>& ids) const;
  // NOT_FOUND unless it is deleted.
  postgres::Pending<StoredRecord> GetDeleted(postgres::Transaction& tx, const CallContext& call,
                                             RecordId id) const;
  // As it was, whether or not it is deleted by now. NOT_FOUND when there was none then.
  postgres::Pending<StoredRecord> AtTime(postgres::Transaction& tx, const CallContext& call,
                                         RecordId id, absl::Time time) const;
  postgres::Pending<StoredRecord> AtVersion(postgres::Transaction& tx, const CallContext& call,
                                            RecordId id, uint64_t version) const;
  // Newest first, below `before`. Empty for a record that there never was.
  postgres::Pending<Window<StoredVersion>> History(postgres::Transaction& tx,
                                                   const CallContext& call, RecordId id,
                                                   uint64_t before, int64_t limit) const;

  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const CallContext& call,
                                             const StoredRecord& record) const;
  // Of one collection, schema version, customer and time.
  postgres::Pending<postgres::Result> InsertMany(postgres::Transaction& tx, const CallContext& call,
                                                 const std::vector<StoredRecord>& records) const;
  // `record` as it is to become, `record.version` being the one that it must have now; `changed`
  // are the keys that it differs in. A subject is set, for good, where it has one. ABORTED,
  // ETAG_MISMATCH.
  postgres::Pending<postgres::Result> Update(postgres::Transaction& tx, const CallContext& call,
                                             const StoredRecord& record,
                                             const std::vector<std::string>& changed) const;
  // The same for one that is deleted now.
  postgres::Pending<postgres::Result> Restore(postgres::Transaction& tx, const CallContext& call,
                                              const StoredRecord& record,
                                              const std::vector<std::string>& changed) const;
  // NOT_FOUND; ABORTED, ETAG_MISMATCH, when `version` is given and another.
  postgres::Pending<RemovedRecord> Delete(postgres::Transaction& tx, const CallContext& call,
                                          RecordId id, std::optional<uint64_t> version,
                                          absl::Time now) const;
  // The record, deleted or not, and all of its past. The version is that of its last event.
  postgres::Pending<RemovedRecord> Purge(postgres::Transaction& tx, const CallContext& call,
                                         RecordId id, std::optional<uint64_t> version) const;
};

}  // namespace kasbah::tenantdata
