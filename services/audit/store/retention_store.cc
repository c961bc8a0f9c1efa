#include "services/audit/store/retention_store.h"

namespace kasbah::audit::retention_store {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kFind = {"retention.find", R"sql(
  SELECT (SELECT days FROM audit.retention WHERE tenant_id = $1),
         (SELECT min_index FROM audit.log_head WHERE tenant_id = $1))sql"};

constexpr Statement kSet = {"retention.set", R"sql(
  INSERT INTO audit.retention (tenant_id, days, updated_at) VALUES ($1, $2, $3)
  ON CONFLICT (tenant_id) DO UPDATE SET days = EXCLUDED.days, updated_at = EXCLUDED.updated_at)sql",
                            Access::kWrite};

constexpr Statement kLease = {"retention.lease", R"sql(
  UPDATE audit.retention_state
  SET holder = $1, lease_until = now() + interval '2 minutes', minimum_days = $2, default_days = $3
  WHERE holder = $1 OR lease_until < now())sql",
                              Access::kWrite};

constexpr Statement kEndLease = {"retention.end_lease", R"sql(
  UPDATE audit.retention_state SET lease_until = '-infinity' WHERE holder = $1)sql",
                                 Access::kWrite};

constexpr Statement kListLogs = {"retention.list_logs", R"sql(
  SELECT tenant_id, size, min_index, audit.retention_days(tenant_id) FROM audit.log_head
  WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2)sql"};

}  // namespace

postgres::Pending<Choice> Find(postgres::Transaction& tx, TenantId tenant) {
  return tx.RunForOne(
      kFind, "retention",
      [](const postgres::Row& row) {
        return Choice{row.Get<std::optional<int>>(0),
                      row.Get<std::optional<uint64_t>>(1).value_or(0)};
      },
      tenant);
}

void Set(postgres::Transaction& tx, TenantId tenant, int days, absl::Time now) {
  tx.Run(kSet, tenant, days, now);
}

postgres::Pending<bool> Lease(postgres::Transaction& tx, const Uuid& holder,
                              const RetentionLimits& limits) {
  return tx.Run(kLease, holder, limits.minimum_days, limits.default_days)
      .Map([](const postgres::Result& result) { return result.affected() == 1; });
}

void EndLease(postgres::Transaction& tx, const Uuid& holder) { tx.Run(kEndLease, holder); }

postgres::Pending<std::vector<TenantLog>> ListLogs(postgres::Transaction& tx, TenantId after,
                                                   int limit) {
  return tx.Run(kListLogs, after, limit).Map([](const postgres::Result& result) {
    std::vector<TenantLog> logs;
    for (const postgres::Row row : result) {
      logs.push_back(
          {row.Get<TenantId>(0), row.Get<uint64_t>(1), row.Get<uint64_t>(2), row.Get<int>(3)});
    }
    return logs;
  });
}

}  // namespace kasbah::audit::retention_store
