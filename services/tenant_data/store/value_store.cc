#include "services/tenant_data/store/value_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsertIndex{
    "values.index",
    "INSERT INTO tenant_data.record_index "
    "(tenant_id, record_id, field_id, customer_id, v_text, v_int, v_ts, v_blind) "
    "SELECT $1, t.record_id, t.field_id, $2, t.v_text, t.v_int, t.v_ts, t.v_blind "
    "FROM unnest($3, $4, $5, $6, $7, $8) "
    "AS t (record_id, field_id, v_text, v_int, v_ts, v_blind)",
    Access::kWrite};

constexpr Statement kInsertIndexOne{
    "values.index_one",
    "INSERT INTO tenant_data.record_index "
    "(tenant_id, record_id, field_id, customer_id, v_text, v_int, v_ts, v_blind) "
    "VALUES ($1, $3, $4, $2, $5, $6, $7, $8)",
    Access::kWrite};

constexpr Statement kInsertPairs{
    "values.index_pairs",
    "INSERT INTO tenant_data.record_index "
    "(tenant_id, record_id, field_id, pair_id, customer_id, v_text, v_int, v_ts) "
    "SELECT $1, t.record_id, t.field_id, t.pair_id, t.customer_id, t.v_text, t.v_int, t.v_ts "
    "FROM unnest($2, $3, $4, $5, $6, $7, $8) "
    "AS t (record_id, field_id, pair_id, customer_id, v_text, v_int, v_ts)",
    Access::kWrite};

#define KASBAH_CLAIM                                           \
  "WITH claimed AS (INSERT INTO tenant_data.record_unique "    \
  "(tenant_id, field_id, value, record_id, customer_id) "      \
  "SELECT $1, t.field_id, t.value, t.record_id, $2 "           \
  "FROM unnest($3, $4, $5) AS t (record_id, field_id, value) " \
  "ON CONFLICT (tenant_id, field_id, value) DO NOTHING RETURNING record_id, field_id) "

constexpr Statement kClaim{"values.claim", KASBAH_CLAIM "SELECT record_id, field_id FROM claimed",
                           Access::kWrite};

constexpr Statement kClaimAll{
    "values.claim_all",
    KASBAH_CLAIM
    "SELECT core.require((SELECT count(*) FROM claimed) = cardinality($3), 'VALUE_TAKEN')",
    Access::kWrite};

constexpr Statement kFindOwner{"values.find_owner",
                               "SELECT record_id FROM tenant_data.record_unique "
                               "WHERE tenant_id = $1 AND field_id = $2 AND value = $3"};

constexpr Statement kRelease{
    "values.release",
    "DELETE FROM tenant_data.record_unique u "
    "USING unnest($2, $3, $4) AS t (record_id, field_id, value) "
    "WHERE u.tenant_id = $1 AND u.field_id = t.field_id AND u.value = t.value "
    "AND u.record_id = t.record_id",
    Access::kWrite};

constexpr Statement kRemoveIndexFields{
    "values.remove_index_fields",
    "DELETE FROM tenant_data.record_index "
    "WHERE tenant_id = $1 AND record_id = $2 AND field_id = ANY($3)",
    Access::kWrite};

constexpr Statement kRemovePairs{"values.remove_pairs",
                                 "DELETE FROM tenant_data.record_index "
                                 "WHERE tenant_id = $1 AND record_id = $2 AND pair_id = ANY($3)",
                                 Access::kWrite};

constexpr Statement kRemoveUniqueFields{
    "values.remove_unique_fields",
    "DELETE FROM tenant_data.record_unique "
    "WHERE tenant_id = $1 AND record_id = $2 AND field_id = ANY($3)",
    Access::kWrite};

constexpr Statement kRemoveIndex{
    "values.remove_index",
    "DELETE FROM tenant_data.record_index WHERE tenant_id = $1 AND record_id = $2", Access::kWrite};

constexpr Statement kRemoveUnique{
    "values.remove_unique",
    "DELETE FROM tenant_data.record_unique WHERE tenant_id = $1 AND record_id = $2",
    Access::kWrite};

struct UniqueArrays {
  std::vector<RecordId> records;
  std::vector<FieldId> fields;
  std::vector<postgres::OwnedBytes> values;
};

UniqueArrays ToArrays(const std::vector<UniqueValue>& values) {
  UniqueArrays arrays;
  for (const UniqueValue& value : values) {
    arrays.records.push_back(value.record);
    arrays.fields.push_back(value.field);
    arrays.values.push_back({value.value});
  }
  return arrays;
}

}  // namespace

void ValueStore::InsertIndex(Transaction& tx, const CallContext& call,
                             std::optional<CustomerId> customer,
                             const std::vector<IndexedValue>& values) const {
  if (values.empty()) return;
  if (values.size() == 1) {
    const IndexedValue& value = values.front();
    tx.Run(
        kInsertIndexOne, call.tenant, customer, value.record, value.entry.field,
        value.entry.key.text, value.entry.key.integer, value.entry.key.time,
        value.blind.empty() ? std::nullopt : std::make_optional(postgres::OwnedBytes{value.blind}));
    return;
  }
  std::vector<RecordId> records;
  std::vector<FieldId> fields;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<int64_t>> integers;
  std::vector<std::optional<absl::Time>> times;
  std::vector<std::optional<postgres::OwnedBytes>> blinds;
  for (const IndexedValue& value : values) {
    records.push_back(value.record);
    fields.push_back(value.entry.field);
    texts.push_back(value.entry.key.text);
    integers.push_back(value.entry.key.integer);
    times.push_back(value.entry.key.time);
    blinds.push_back(value.blind.empty() ? std::nullopt
                                         : std::make_optional(postgres::OwnedBytes{value.blind}));
  }
  tx.Run(kInsertIndex, call.tenant, customer, records, fields, texts, integers, times, blinds);
}

void ValueStore::InsertPairs(Transaction& tx, const CallContext& call,
                             const std::vector<PairedValue>& values) const {
  if (values.empty()) return;
  std::vector<RecordId> records;
  std::vector<FieldId> places;
  std::vector<FieldId> pairs;
  std::vector<std::optional<CustomerId>> customers;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<int64_t>> integers;
  std::vector<std::optional<absl::Time>> times;
  for (const auto& [record, customer, paired] : values) {
    records.push_back(record);
    places.push_back(paired.entry.field);
    pairs.push_back(paired.pair);
    customers.push_back(customer);
    texts.push_back(paired.entry.key.text);
    integers.push_back(paired.entry.key.integer);
    times.push_back(paired.entry.key.time);
  }
  tx.Run(kInsertPairs, call.tenant, records, places, pairs, customers, texts, integers, times);
}

Pending<Result> ValueStore::Claim(Transaction& tx, const CallContext& call,
                                  std::optional<CustomerId> customer,
                                  const std::vector<UniqueValue>& values) const {
  const UniqueArrays arrays = ToArrays(values);
  return tx.Run(kClaim, call.tenant, customer, arrays.records, arrays.fields, arrays.values);
}

void ValueStore::ClaimAll(Transaction& tx, const CallContext& call,
                          std::optional<CustomerId> customer,
                          const std::vector<UniqueValue>& values) const {
  if (values.empty()) return;
  const UniqueArrays arrays = ToArrays(values);
  tx.Run(kClaimAll, call.tenant, customer, arrays.records, arrays.fields, arrays.values);
}

void ValueStore::Release(Transaction& tx, const CallContext& call,
                         const std::vector<UniqueValue>& values) const {
  if (values.empty()) return;
  const UniqueArrays arrays = ToArrays(values);
  tx.Run(kRelease, call.tenant, arrays.records, arrays.fields, arrays.values);
}

Pending<std::optional<RecordId>> ValueStore::FindOwner(Transaction& tx, const CallContext& call,
                                                       FieldId field,
                                                       const std::string& value) const {
  return tx.Run(kFindOwner, call.tenant, field, postgres::Bytes{value}).Map([](const Result& rows) {
    return rows.empty() ? std::nullopt : std::make_optional(rows[0].Get<RecordId>(0));
  });
}

void ValueStore::RemoveFields(Transaction& tx, const CallContext& call, RecordId record,
                              const std::vector<FieldId>& fields) const {
  if (fields.empty()) return;
  tx.Run(kRemoveIndexFields, call.tenant, record, fields);
  tx.Run(kRemoveUniqueFields, call.tenant, record, fields);
}

void ValueStore::RemovePairs(Transaction& tx, const CallContext& call, RecordId record,
                             const std::vector<FieldId>& pairs) const {
  if (!pairs.empty()) tx.Run(kRemovePairs, call.tenant, record, pairs);
}

void ValueStore::RemoveRecord(Transaction& tx, const CallContext& call, RecordId record) const {
  tx.Run(kRemoveIndex, call.tenant, record);
  tx.Run(kRemoveUnique, call.tenant, record);
}

}  // namespace kasbah::tenantdata
