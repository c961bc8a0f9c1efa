#include "services/tenant_data/store/checked_records.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kNow{
    "checked_records.now",
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text, pg_postmaster_start_time()"};

// Ages compare as the counter goes round; a row so old that it seems young is looked at once more.
constexpr Statement kChanged{"checked_records.changed",
                             "SELECT r.record_id FROM tenant_data.records r "
                             "WHERE r.tenant_id = $1 AND r.collection_id = $2 "
                             "AND r.deleted_at IS NULL AND age(r.xmin) <= age($3::text::xid)"};

}  // namespace

Pending<Watermark> CheckedRecords::Now(Transaction& tx) const {
  return tx.Run(kNow).Map([](const Result& rows) {
    return Watermark{rows[0].Get<std::string>(0), rows[0].Get<absl::Time>(1)};
  });
}

Pending<std::vector<RecordId>> CheckedRecords::ChangedSince(Transaction& tx,
                                                            const CallContext& call,
                                                            CollectionId collection,
                                                            const Watermark& moment) const {
  return tx.Run(kChanged, call.tenant, collection, moment.transaction).Map([](const Result& rows) {
    std::vector<RecordId> records;
    for (const Row& row : rows) records.push_back(row.Get<RecordId>(0));
    return records;
  });
}

}  // namespace kasbah::tenantdata
