#include "services/tenant_data/rpc/meters.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kCountRecords{"records.count",
                                  "SELECT count(*) FROM tenant_data.records WHERE tenant_id = $1"};
constexpr Statement kCountBytes{
    "files.count_bytes",
    "SELECT coalesce((SELECT bytes FROM tenant_data.file_usage WHERE tenant_id = $1), 0)"};

usage::Meter::Count Counted(const Statement& statement) {
  return [&statement](Transaction& tx, TenantId tenant, absl::Time, absl::Time) {
    return tx.RunForOne(
        statement, "count", [](const Row& row) { return row.Get<int64_t>(0); }, tenant);
  };
}

}  // namespace

std::vector<usage::Meter> Meters() {
  using usage::Meter;
  return {{.id = usage::v1::METER_RECORDS,
           .is_held = true,
           .limit = Meter::Limit::kSlots,
           .count = Counted(kCountRecords)},
          // The row of file_usage is the count and the lock (store/file_store.h).
          {.id = usage::v1::METER_FILE_BYTES,
           .is_held = true,
           .limit = Meter::Limit::kRow,
           .count = Counted(kCountBytes)}};
}

}  // namespace kasbah::tenantdata
