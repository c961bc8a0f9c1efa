#pragma once

#include <optional>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {

// An index row to be: a typed value, or the blind index of a sealed one.
struct IndexedValue {
  RecordId record;
  IndexEntry entry;
  std::string blind;
};

// An index row of two fields to be.
struct PairedValue {
  RecordId record;
  std::optional<CustomerId> customer;
  PairEntry paired;
};

// A unique value that a record wants or has.
struct UniqueValue {
  RecordId record;
  FieldId field;
  std::string value;
};

// tenant_data.record_index and record_unique: typed values of live records beside their JSON, alone
// and by pairs of fields. All
// of one call belong to one customer, or to none.
class ValueStore {
 public:
  void InsertIndex(postgres::Transaction& tx, const CallContext& call,
                   std::optional<CustomerId> customer,
                   const std::vector<IndexedValue>& values) const;
  // Of any customers.
  void InsertPairs(postgres::Transaction& tx, const CallContext& call,
                   const std::vector<PairedValue>& values) const;

  // Takes what is free, in the given order, and says what was taken: rows of record and field.
  // Waits for another transaction that is taking the same value. Values in the order of field and
  // value keep such waits from crossing.
  postgres::Pending<postgres::Result> Claim(postgres::Transaction& tx, const CallContext& call,
                                            std::optional<CustomerId> customer,
                                            const std::vector<UniqueValue>& values) const;
  // Takes all or fails the transaction with kValueTaken.
  void ClaimAll(postgres::Transaction& tx, const CallContext& call,
                std::optional<CustomerId> customer, const std::vector<UniqueValue>& values) const;
  void Release(postgres::Transaction& tx, const CallContext& call,
               const std::vector<UniqueValue>& values) const;

  // Who has the value, if somebody whom the call may see.
  postgres::Pending<std::optional<RecordId>> FindOwner(postgres::Transaction& tx,
                                                       const CallContext& call, FieldId field,
                                                       const std::string& value) const;

  // Forgets a record's values of some fields.
  void RemoveFields(postgres::Transaction& tx, const CallContext& call, RecordId record,
                    const std::vector<FieldId>& fields) const;
  void RemovePairs(postgres::Transaction& tx, const CallContext& call, RecordId record,
                   const std::vector<FieldId>& pairs) const;
  // Forgets all of a record's values, which are then free for others.
  void RemoveRecord(postgres::Transaction& tx, const CallContext& call, RecordId record) const;
};

// Reason of a transaction that ClaimAll failed; callers of the service never see it.
inline constexpr std::string_view kValueTaken = "VALUE_TAKEN";

}  // namespace kasbah::tenantdata
