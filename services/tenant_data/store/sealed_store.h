#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// The column `sealed` of tenant_data.records and record_history. Within a transaction of its
// tenant; stateless.
class SealedStore {
 public:
  // Rows by the oldest key version in them, both tables together.
  static postgres::Pending<std::map<uint32_t, uint64_t>> Count(postgres::Transaction& tx,
                                                               TenantId tenant);

  struct Packed {
    RecordId record;
    // Of a past version; 0: the record as it is.
    uint64_t version = 0;
    std::string sealed;
    // Whose data the record is; empty: nobody's.
    std::string subject = {};
  };
  // Of which the oldest key version is below `below`, in the order of record and version.
  static postgres::Pending<std::vector<Packed>> RecordsAfter(postgres::Transaction& tx,
                                                             TenantId tenant, uint32_t below,
                                                             RecordId record, int limit);
  static postgres::Pending<std::vector<Packed>> HistoryAfter(postgres::Transaction& tx,
                                                             TenantId tenant, uint32_t below,
                                                             RecordId record, uint64_t version,
                                                             int limit);
  // Puts `after` where `before` stands; both of the same rows. How many.
  static postgres::Pending<uint64_t> Replace(postgres::Transaction& tx, TenantId tenant,
                                             const std::vector<Packed>& before,
                                             const std::vector<Packed>& after);
};

}  // namespace kasbah::tenantdata
