#include "services/tenant_data/store/domain_rights.h"

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/store/host_store.h"
#include "services/tenant_data/store/tenant_tables.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Result;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kErase{"domains.erase", R"sql(
WITH gone AS (DELETE FROM tenant_data.domains WHERE tenant_id = $1 RETURNING 1)
SELECT count(*) FROM gone)sql",
                           Access::kWrite};

}  // namespace

absl::StatusOr<Result> DomainRights::Page(const CallContext& call,
                                          const subject::TenantTable& table,
                                          const std::string& cursor) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) {
    HostStore::EnterAnyState(tx, call.tenant);
    if (cursor.empty()) return tx.Run(table.first, call.tenant);
    return tx.Run(table.next, call.tenant, postgres::Json{cursor});
  });
}

absl::StatusOr<DomainRights::Erased> DomainRights::Erase(const CallContext& call) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Erased> {
    HostStore::EnterAnyState(tx, call.tenant);
    auto waiting = tx.Run(kTenantTables.undelivered, call.tenant);
    ASSIGN_OR_RETURN(const Result gone, tx.Run(kErase, call.tenant).Await());
    ASSIGN_OR_RETURN(const Result events, waiting.Take());
    const Erased erased{gone[0].Get<uint64_t>(0), events[0].Get<uint64_t>(0)};
    if (erased.domains == 0) return erased;
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "tenant.erase_rows", {"tenant", call.tenant.ToString(), ""},
                          {{"of", "tenant_data.domains"}, {"rows", StrCat(erased.domains)}})));
    return erased;
  });
}

}  // namespace kasbah::tenantdata
