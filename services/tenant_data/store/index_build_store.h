#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {

// A record as an index is built from it, or a definition checked against it.
struct ScannedRecord {
  RecordId id;
  std::optional<CustomerId> customer;
  // Of the fields that were asked for alone, as flat JSON.
  std::string data;
  // For a check alone: no index is built of ciphertexts.
  std::string sealed;
};

// The next records of a collection, fewer than were asked for where they are large.
struct ScannedPage {
  std::vector<ScannedRecord> records;
  // There are none after them.
  bool is_last = false;
};

// A field of some tenant whose index is being built, or a pair of fields (domain/paired_index.h).
struct DueBuild {
  TenantId tenant;
  CollectionId collection;
  FieldId field;
};

// A record's value to be put into an index, or to be taken as unique.
struct BuiltValue {
  RecordId record;
  std::optional<CustomerId> customer;
  IndexKey key;
  // Bytes of a unique value.
  std::string unique;
};

// tenant_data.field_indexes, and the rows that a build makes of records in pages.
class IndexBuildStore {
 public:
  // Starts a field's build over.
  void Begin(postgres::Transaction& tx, const CallContext& call, CollectionId collection,
             const std::vector<FieldId>& fields, absl::Time now) const;

  // Through the upkeep's door: at most `limit`, of all active tenants, who waited longest first.
  postgres::Pending<std::vector<DueBuild>> ListDue(postgres::Transaction& tx, absl::Time now,
                                                   int64_t limit) const;
  // Has a build wait its turn until then.
  void PutOff(postgres::Transaction& tx, const CallContext& call, FieldId field,
              absl::Time until) const;
  // Has a collection's builds wait until they go on: nothing is built while it is deleted.
  void Pause(postgres::Transaction& tx, const CallContext& call, CollectionId collection) const;
  void GoOn(postgres::Transaction& tx, const CallContext& call, CollectionId collection,
            absl::Time now) const;

  // The last record that is done; none where it is not being built, or by somebody else right now.
  postgres::Pending<std::optional<RecordId>> Claim(postgres::Transaction& tx,
                                                   const CallContext& call, FieldId field) const;
  // The next live records of a collection with some of their values. kForBuild keeps them as they
  // are until the transaction ends.
  enum class Scan { kForCheck, kForBuild };
  postgres::Pending<ScannedPage> Records(postgres::Transaction& tx, const CallContext& call,
                                         CollectionId collection, RecordId after,
                                         const std::vector<std::string>& keys, int64_t limit,
                                         Scan scan) const;
  // For a check: those of some records that live.
  postgres::Pending<ScannedPage> RecordsOf(postgres::Transaction& tx, const CallContext& call,
                                           const std::vector<RecordId>& records, RecordId after,
                                           const std::vector<std::string>& keys) const;
  // Forgets the field's values of these records, of which `values` are then the only ones.
  void Replace(postgres::Transaction& tx, const CallContext& call, FieldId field,
               const std::vector<RecordId>& records, const std::vector<BuiltValue>& values) const;
  // The same for unique values; the records whose value was free, in rows.
  postgres::Pending<postgres::Result> ReplaceUnique(postgres::Transaction& tx,
                                                    const CallContext& call, FieldId field,
                                                    const std::vector<RecordId>& records,
                                                    const std::vector<BuiltValue>& values) const;
  // Forgets what the records have in the index of two fields.
  void ForgetPairs(postgres::Transaction& tx, const CallContext& call, FieldId pair,
                   const std::vector<RecordId>& records) const;
  // Notes that all up to `last` is done, and which records had a value that another has; `is_last`
  // where there are no more. Builds of others that are due come before its next page.
  void Advance(postgres::Transaction& tx, const CallContext& call, FieldId field, RecordId last,
               const std::vector<RecordId>& conflicts, absl::Time now, bool is_last) const;
};

}  // namespace kasbah::tenantdata
