#include "services/tenant_data/placement/leaving_gate.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/placement/movable_table.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Door;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(5);

// A function of ours that changes a trigger, no row.
constexpr Statement kFollow{"move.follow", "SELECT tenant_data.follow_changes($1::regclass)",
                            Access::kWrite};

constexpr Statement kUnderWay{"move.under_way", R"sql(
SELECT coalesce(array_agg(l.virtualtransaction), '{}') FROM pg_locks l
JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'virtualxid' AND a.datname = current_database()
  AND a.usename IN ('kasbah_tenant_data', 'kasbah_tenant_data_upkeep'))sql"};
constexpr Statement kStillUnderWay{"move.still_under_way",
                                   "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = "
                                   "'virtualxid' AND virtualtransaction = ANY($1))"};

constexpr Statement kIsDrained{
    "move.is_drained",
    "SELECT NOT EXISTS (SELECT FROM tenant_data.outbox WHERE tenant_id = $1 "
    "AND created_at <= clock_timestamp() - make_interval(secs => $2 / 1000.0))"};

bool BoolOf(const Row& row) { return row.Get<bool>(0); }

}  // namespace

absl::Status FollowChanges(Door& mover, const std::vector<MovableTable>& tables,
                           absl::Time deadline) {
  for (const MovableTable& table : tables) {
    RETURN_IF_ERROR(mover.Run(deadline, [&](Transaction& tx) -> absl::Status {
      tx.Run(kFollow, StrCat("tenant_data.", table.name));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status AwaitTransactions(Door& mover, absl::Time deadline) {
  ASSIGN_OR_RETURN(const auto under_way, mover.Run(deadline, [](Transaction& tx) {
    return tx.RunForOne(kUnderWay, "transactions",
                        [](const Row& row) { return row.Get<std::vector<std::string>>(0); });
  }));
  for (;;) {
    ASSIGN_OR_RETURN(const bool still, mover.Run(deadline, [&](Transaction& tx) {
      return tx.RunForOne(kStillUnderWay, "transactions", BoolOf, under_way);
    }));
    if (!still) return absl::OkStatus();
    absl::SleepFor(kBetweenLooks);
  }
}

absl::StatusOr<bool> IsDrained(Door& mover, TenantId tenant, absl::Duration age,
                               absl::Time deadline) {
  return mover.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant);
    return tx.RunForOne(kIsDrained, "outbox", BoolOf, tenant, absl::ToInt64Milliseconds(age));
  });
}

}  // namespace kasbah::tenantdata
