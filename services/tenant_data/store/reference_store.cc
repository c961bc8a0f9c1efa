#include "services/tenant_data/store/reference_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kExist{
    "references.exist",
    "SELECT EXISTS (SELECT FROM tenant_data.records r WHERE r.tenant_id = $1 "
    "AND r.record_id = t.record_id AND r.collection_id = t.collection_id "
    "AND r.deleted_at IS NULL AND (r.customer_id IS NULL OR $4::uuid IS NULL "
    "OR r.customer_id = $4)) "
    "FROM unnest($2, $3) WITH ORDINALITY AS t (record_id, collection_id, n) ORDER BY t.n"};

}  // namespace

postgres::Pending<std::vector<bool>> ReferenceStore::Exist(
    Transaction& tx, const CallContext& call, std::optional<CustomerId> owner,
    const std::vector<ReferenceEntry>& references) const {
  std::vector<RecordId> records;
  std::vector<CollectionId> collections;
  for (const ReferenceEntry& reference : references) {
    records.push_back(reference.record);
    collections.push_back(reference.collection);
  }
  return tx.Run(kExist, call.tenant, records, collections, owner).Map([](const Result& rows) {
    std::vector<bool> exist;
    for (const Row& row : rows) exist.push_back(row.Get<bool>(0));
    return exist;
  });
}

}  // namespace kasbah::tenantdata
