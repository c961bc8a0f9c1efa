#include "services/tenant_data/store/subject_store.h"

#include <optional>

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kFind{
    "subjects.find",
    "SELECT customer_id, external_id, display_name FROM tenant_data.customers "
    "WHERE tenant_id = $1 AND (customer_id = $2 OR external_id = $3) "
    "ORDER BY customer_id"};

constexpr Statement kErase{
    "subjects.erase",
    "UPDATE tenant_data.customers SET display_name = '', external_id = customer_id::text, "
    "version = version + 1 WHERE tenant_id = $1 AND (customer_id = $2 OR external_id = $3) "
    "AND (display_name <> '' OR external_id <> customer_id::text) "
    "RETURNING customer_id, external_id, display_name, state = 'suspended', created_at, version",
    Access::kWrite};

constexpr Statement kHoldRecords{"subjects.hold_records",
                                 "SELECT record_id FROM tenant_data.records WHERE tenant_id = $1 "
                                 "AND subject = $2 ORDER BY record_id LIMIT $3 FOR UPDATE"};

constexpr Statement kEraseRecords{
    "subjects.erase_records",
    "WITH removed AS (DELETE FROM tenant_data.records WHERE tenant_id = $1 AND record_id = ANY($2) "
    "RETURNING record_id, version, customer_id, collection_id), "
    "past AS (DELETE FROM tenant_data.record_history t USING removed "
    "WHERE t.tenant_id = $1 AND t.record_id = removed.record_id), "
    "found AS (DELETE FROM tenant_data.record_index t USING removed "
    "WHERE t.tenant_id = $1 AND t.record_id = removed.record_id), "
    "held AS (DELETE FROM tenant_data.record_unique t USING removed "
    "WHERE t.tenant_id = $1 AND t.record_id = removed.record_id), "
    "named AS (DELETE FROM tenant_data.file_references t USING removed "
    "WHERE t.tenant_id = $1 AND t.record_id = removed.record_id) "
    "SELECT r.record_id, r.collection_id, c.key, r.customer_id, r.version + 1 FROM removed r "
    "JOIN tenant_data.collections c ON c.tenant_id = $1 AND c.collection_id = r.collection_id "
    "CROSS JOIN tenant_data.give_room($1, 'records', (SELECT count(*) FROM removed))",
    Access::kWrite};

std::optional<CustomerId> ParseCustomer(const std::string& subject) {
  const absl::StatusOr<CustomerId> id = CustomerId::Parse(subject);
  return id.ok() ? std::make_optional(*id) : std::nullopt;
}

}  // namespace

Pending<std::vector<SubjectRow>> SubjectStore::Find(Transaction& tx, const CallContext& call,
                                                    const std::string& subject) const {
  return tx.Run(kFind, call.tenant, ParseCustomer(subject), subject).Map([](const Result& rows) {
    std::vector<SubjectRow> found;
    for (const Row& row : rows) {
      found.push_back({row.Get<CustomerId>(0), row.Get<std::string>(1), row.Get<std::string>(2)});
    }
    return found;
  });
}

Pending<std::vector<RecordId>> SubjectStore::HoldRecords(Transaction& tx, const CallContext& call,
                                                         const std::string& subject,
                                                         int64_t limit) const {
  return tx.Run(kHoldRecords, call.tenant, subject, limit).Map([](const Result& rows) {
    std::vector<RecordId> held;
    for (const Row& row : rows) held.push_back(row.Get<RecordId>(0));
    return held;
  });
}

Pending<std::vector<ErasedRecord>> SubjectStore::EraseRecords(
    Transaction& tx, const CallContext& call, const std::vector<RecordId>& held) const {
  return tx.Run(kEraseRecords, call.tenant, held).Map([](const Result& rows) {
    std::vector<ErasedRecord> erased;
    for (const Row& row : rows) {
      erased.push_back({row.Get<RecordId>(0), row.Get<CollectionId>(1), row.Get<std::string>(2),
                        row.Get<std::optional<CustomerId>>(3), row.Get<uint64_t>(4)});
    }
    return erased;
  });
}

Pending<std::vector<Customer>> SubjectStore::Erase(Transaction& tx, const CallContext& call,
                                                   const std::string& subject) const {
  return tx.Run(kErase, call.tenant, ParseCustomer(subject), subject).Map([](const Result& rows) {
    std::vector<Customer> erased;
    for (const Row& row : rows) erased.push_back(ReadCustomer(row));
    return erased;
  });
}

}  // namespace kasbah::tenantdata
