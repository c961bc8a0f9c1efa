#include "services/tenant_data/rpc/meters.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Statement;

constexpr Statement kCountRecords{"records.count",
                                  "SELECT count(*) FROM tenant_data.records WHERE tenant_id = $1"};
constexpr Statement kCountBytes{
    "files.count_bytes",
    "SELECT coalesce((SELECT bytes FROM tenant_data.file_usage WHERE tenant_id = $1), 0)"};

}  // namespace

std::vector<usage::Meter> Meters() {
  using usage::Meter;
  return {{.id = usage::v1::METER_RECORDS,
           .is_held = true,
           .limit = Meter::Limit::kSlots,
           .count = usage::HeldBy(kCountRecords)},
          // The row of file_usage is the count and the lock (store/file_store.h).
          {.id = usage::v1::METER_FILE_BYTES,
           .is_held = true,
           .limit = Meter::Limit::kRow,
           .count = usage::HeldBy(kCountBytes)}};
}

}  // namespace kasbah::tenantdata
