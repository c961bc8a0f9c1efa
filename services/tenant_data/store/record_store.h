#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/filter.h"

namespace kasbah::tenantdata {

// A live record as it is kept.
struct StoredRecord {
  RecordId id;
  CollectionId collection;
  std::optional<CustomerId> customer;
  uint32_t schema_version = 1;
  uint64_t version = 1;
  // Values that are not sealed, as flat JSON.
  std::string data;
  // Packed ciphertexts (domain/sealed_values.h); empty: none.
  std::string sealed;
  absl::Time created;
  absl::Time updated;
};

// One version of a record's past.
struct StoredVersion {
  uint64_t version = 0;
  // "created", "updated", "deleted".
  std::string change;
  CollectionId collection;
  uint32_t schema_version = 1;
  std::string data;
  std::string sealed;
  std::string actor_kind;
  std::string actor_id;
  std::string request_id;
  absl::Time time;
};

// What a deletion leaves to say.
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
  // At most `limit` of a collection in the order of their ids, after `after`, that hold to all
  // conditions. The first condition drives the search through its index.
  postgres::Pending<std::vector<StoredRecord>> List(postgres::Transaction& tx,
                                                    const CallContext& call,
                                                    CollectionId collection,
                                                    const std::vector<Condition>& conditions,
                                                    RecordId after, int64_t limit) const;
  // Newest first, below `before`. Empty for a record that there never was.
  postgres::Pending<std::vector<StoredVersion>> History(postgres::Transaction& tx,
                                                        const CallContext& call, RecordId id,
                                                        uint64_t before, int64_t limit) const;

  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const CallContext& call,
                                             const StoredRecord& record) const;
  // Of one collection, schema version, customer and time.
  postgres::Pending<postgres::Result> InsertMany(postgres::Transaction& tx, const CallContext& call,
                                                 const std::vector<StoredRecord>& records) const;
  // `record` as it is to become, `record.version` being the one that it must have now. ABORTED,
  // ETAG_MISMATCH.
  postgres::Pending<postgres::Result> Update(postgres::Transaction& tx, const CallContext& call,
                                             const StoredRecord& record) const;
  // NOT_FOUND; ABORTED, ETAG_MISMATCH, when `version` is given and another.
  postgres::Pending<RemovedRecord> Delete(postgres::Transaction& tx, const CallContext& call,
                                          RecordId id, std::optional<uint64_t> version,
                                          absl::Time now) const;
};

}  // namespace kasbah::tenantdata
