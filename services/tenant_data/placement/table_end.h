#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/placement/movable_table.h"

namespace kasbah::tenantdata {

// Where a walk over one tenant's rows of a table ends that is written meanwhile: at the last row
// there was when it began. What comes later has its note (tenant_data.changed_rows), so that nobody
// who writes without end keeps a walk from its own. Not thread safe.
class TableEnd {
 public:
  // `source` and `table` outlive it.
  static absl::StatusOr<TableEnd> Find(postgres::Door& source, TenantId tenant,
                                       const MovableTable& table, absl::Time deadline);

  // Whether a walk that came to the row `key` (empty: to none yet) is over.
  absl::StatusOr<bool> IsReached(const std::string& key, absl::Time deadline) const;

 private:
  TableEnd(postgres::Door& source, TenantId tenant, const MovableTable& table, std::string last_key)
      : source_(&source), tenant_(tenant), table_(&table), last_key_(std::move(last_key)) {}

  postgres::Door* source_;
  TenantId tenant_;
  const MovableTable* table_;
  // Empty: there was none.
  std::string last_key_;
};

}  // namespace kasbah::tenantdata
