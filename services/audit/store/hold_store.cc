#include "services/audit/store/hold_store.h"

namespace kasbah::audit::hold_store {
namespace {

using postgres::Access;
using postgres::Statement;

#define AUDIT_HOLD                                                                              \
  "SELECT hold_id, actor_id, target_id, start_time, end_time, reason, created_at, released_at " \
  "FROM audit.hold WHERE tenant_id = $1 "

constexpr Statement kInsert = {"hold.insert", R"sql(
  INSERT INTO audit.hold (tenant_id, hold_id, actor_id, target_id, start_time, end_time, reason,
                          created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql",
                               Access::kWrite};

constexpr Statement kRelease = {"hold.release", R"sql(
  UPDATE audit.hold SET released_at = $3
  WHERE tenant_id = $1 AND hold_id = $2 AND released_at IS NULL)sql",
                                Access::kWrite};

constexpr Statement kGet = {"hold.get", AUDIT_HOLD "AND hold_id = $2"};

constexpr Statement kList = {"hold.list",
                             AUDIT_HOLD "ORDER BY created_at DESC, hold_id DESC LIMIT $2"};

constexpr Statement kFindHeld = {"hold.find_held", R"sql(
  SELECT e.seq FROM audit.event e JOIN audit.hold h
    ON h.tenant_id = e.tenant_id AND h.released_at IS NULL
    AND (h.actor_id IS NULL OR h.actor_id = e.actor_id)
    AND (h.target_id IS NULL OR h.target_id = e.target_id)
    AND e.recorded_at >= h.start_time AND e.recorded_at < h.end_time
  WHERE e.tenant_id = $1 AND e.seq = ANY ($2) ORDER BY e.seq LIMIT 1)sql"};

Hold HoldOf(const postgres::Row& row) {
  return {row.Get<HoldId>(0),
          row.Get<std::optional<std::string>>(1),
          row.Get<std::optional<std::string>>(2),
          row.Get<absl::Time>(3),
          row.Get<absl::Time>(4),
          row.Get<std::string>(5),
          row.Get<absl::Time>(6),
          row.Get<std::optional<absl::Time>>(7)};
}

}  // namespace

void Insert(postgres::Transaction& tx, TenantId tenant, const Hold& hold) {
  tx.Run(kInsert, tenant, hold.id, hold.actor_id, hold.target_id, hold.start, hold.end, hold.reason,
         hold.created_at);
}

postgres::Pending<bool> Release(postgres::Transaction& tx, TenantId tenant, HoldId id,
                                absl::Time now) {
  return tx.Run(kRelease, tenant, id, now).Map([](const postgres::Result& result) {
    return result.affected() == 1;
  });
}

postgres::Pending<Hold> Get(postgres::Transaction& tx, TenantId tenant, HoldId id) {
  return tx.RunForOne(kGet, "hold", HoldOf, tenant, id);
}

postgres::Pending<std::vector<Hold>> List(postgres::Transaction& tx, TenantId tenant, int limit) {
  return tx.Run(kList, tenant, limit).Map([](const postgres::Result& result) {
    std::vector<Hold> holds;
    for (const postgres::Row row : result) holds.push_back(HoldOf(row));
    return holds;
  });
}

postgres::Pending<std::optional<uint64_t>> FindHeld(postgres::Transaction& tx, TenantId tenant,
                                                    const std::vector<uint64_t>& sequences) {
  return tx.Run(kFindHeld, tenant, sequences)
      .Map([](const postgres::Result& result) -> std::optional<uint64_t> {
        if (result.empty()) return std::nullopt;
        return result[0].Get<uint64_t>(0);
      });
}

}  // namespace kasbah::audit::hold_store
