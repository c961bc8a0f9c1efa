#include "services/tenant_data/placement/table_end.h"

#include "libs/base/status_macros.h"
#include "services/tenant_data/placement/tenant_copy_store.h"

namespace kasbah::tenantdata {

using postgres::Json;
using postgres::Result;
using postgres::Row;
using postgres::Transaction;

absl::StatusOr<TableEnd> TableEnd::Find(postgres::Door& source, TenantId tenant,
                                        const MovableTable& table, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Result rows, source.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant);
    return tx.Run(table.last.read(), tenant);
  }));
  return TableEnd(source, tenant, table, rows.empty() ? "" : rows[0].Get<std::string>(0));
}

absl::StatusOr<bool> TableEnd::IsReached(const std::string& key, absl::Time deadline) const {
  if (last_key_.empty()) return true;
  if (key.empty()) return false;
  return source_->Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant_);
    return tx.RunForOne(
        table_->is_past.read(), "keys", [](const Row& row) { return row.Get<bool>(0); }, Json{key},
        Json{last_key_});
  });
}

}  // namespace kasbah::tenantdata
