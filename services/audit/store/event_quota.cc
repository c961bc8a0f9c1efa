#include "services/audit/store/event_quota.h"

#include "libs/usage/quota_statements.h"

namespace kasbah::audit::event_quota {
namespace {

using postgres::Pending;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

#define KASBAH_COUNT_DAYS                                                     \
  "SELECT coalesce(sum(c.events), 0)::bigint FROM audit.event_count c WHERE " \
  "c.tenant_id = $1 AND c.day >= $2 AND c.day < $3 "

constexpr Statement kRequireRoom{"event_quota.require_room",
                                 KASBAH_REQUIRE_MONTHS_ROOM("audit", "appended_events")};
constexpr Statement kCountAll{"event_quota.count_all", KASBAH_COUNT_DAYS};
// What applications append is named "app." and more, which nothing else is.
constexpr Statement kCountAppended{
    "event_quota.count_appended", KASBAH_COUNT_DAYS "AND c.action >= 'app.' AND c.action < 'app/'"};
// Days are counted in the background: one that is over may not be yet.
constexpr Statement kRequireCounted{
    "event_quota.require_counted",
    "SELECT core.require($2 > now() OR NOT EXISTS (SELECT FROM audit.event e "
    "WHERE e.tenant_id = $1 AND e.recorded_at < $2 AND e.seq >= "
    "coalesce((SELECT counted FROM audit.count_cursor WHERE tenant_id = $1), 0)), "
    "'NOT_COUNTED_YET')"};

#undef KASBAH_COUNT_DAYS

Pending<int64_t> Count(const Statement& statement, Transaction& tx, TenantId tenant,
                       absl::Time from, absl::Time until) {
  tx.Run(kRequireCounted, tenant, until);
  return tx.RunForOne(
      statement, "count", [](const Row& row) { return row.Get<int64_t>(0); }, tenant, from, until);
}

}  // namespace

void RequireRoom(Transaction& tx, TenantId tenant) { tx.Run(kRequireRoom, tenant); }

Pending<int64_t> CountAll(Transaction& tx, TenantId tenant, absl::Time from, absl::Time until) {
  return Count(kCountAll, tx, tenant, from, until);
}

Pending<int64_t> CountAppended(Transaction& tx, TenantId tenant, absl::Time from,
                               absl::Time until) {
  return Count(kCountAppended, tx, tenant, from, until);
}

}  // namespace kasbah::audit::event_quota
