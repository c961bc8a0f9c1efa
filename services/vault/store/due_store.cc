#include "services/vault/store/due_store.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kDue{"upkeep.due", R"sql(
(SELECT 0::bigint, tenant_id, secret_id, 0::bigint FROM vault.secrets
 WHERE expires_at <= $1 AND deleted_at IS NULL ORDER BY expires_at LIMIT $3)
UNION ALL
(SELECT 1, tenant_id, secret_id, 0 FROM vault.secrets
 WHERE next_rotation_at <= $1 AND deleted_at IS NULL ORDER BY next_rotation_at LIMIT $3)
UNION ALL
(SELECT 2, tenant_id, secret_id, 0 FROM vault.secrets
 WHERE purge_at <= $1 ORDER BY purge_at LIMIT $3)
UNION ALL
(SELECT 3, tenant_id, secret_id, version FROM vault.secret_versions
 WHERE destroy_at <= $1 ORDER BY destroy_at LIMIT $3)
UNION ALL
(SELECT DISTINCT 4, tenant_id, tenant_id, 0 FROM
   (SELECT tenant_id FROM vault.requests
    WHERE created_at < $2 ORDER BY created_at LIMIT $3) r)
UNION ALL
(SELECT 5, tenant_id, key_id, 0 FROM vault.keys
 WHERE next_rotation_at <= $1 ORDER BY next_rotation_at LIMIT $3)
UNION ALL
(SELECT 6, tenant_id, key_id, version FROM vault.key_versions
 WHERE destroy_at <= $1 ORDER BY destroy_at LIMIT $3)
UNION ALL
-- The call that shredded destroys them itself; these are what it left.
(SELECT DISTINCT 7, tenant_id, tenant_id, 0 FROM vault.shares
 WHERE shredded_at <= $1 - interval '10 seconds' AND destroyed_at IS NULL LIMIT $3)
UNION ALL
(SELECT DISTINCT 8, tenant_id, tenant_id, 0 FROM vault.key_versions
 WHERE generation = 0 AND destroyed_at IS NULL AND tenant_id <> $4 LIMIT $3))sql"};

constexpr Statement kDueRewraps{"upkeep.due_rewraps",
                                "SELECT tenant_id, rewrap_id FROM vault.rewraps"
                                " WHERE state = 'running' AND lease_until <= $1"
                                " ORDER BY lease_until LIMIT $2"};

constexpr Statement kDueLeases{"upkeep.due_leases",
                               "SELECT tenant_id, database_id, lease_id FROM ("
                               "  SELECT tenant_id, database_id, lease_id FROM vault.leases"
                               "  WHERE due_at <= $1 ORDER BY due_at LIMIT $2) l"
                               " ORDER BY tenant_id, database_id, lease_id"};
constexpr Statement kClaimLeases{"upkeep.claim_leases",
                                 "UPDATE vault.leases SET due_at = $4 WHERE tenant_id = $1"
                                 " AND lease_id = ANY ($2) AND due_at <= $3 RETURNING lease_id",
                                 Access::kWrite};
constexpr Statement kPutOffLease{"upkeep.put_off_lease",
                                 "UPDATE vault.leases SET due_at = $3, waiting_for = $4,"
                                 "  attempts = attempts + 1 WHERE tenant_id = $1 AND lease_id = $2",
                                 Access::kWrite};

}  // namespace

postgres::Pending<std::vector<Due>> DueStore::List(postgres::Transaction& tx, absl::Time now,
                                                   absl::Time requests_before, int limit) {
  return tx.Run(kDue, now, requests_before, limit, kSystemTenant).Map([](postgres::Result rows) {
    std::vector<Due> due;
    for (const postgres::Row row : rows) {
      Due& one = due.emplace_back();
      one.kind = static_cast<Due::Kind>(row.Get<int>(0));
      one.tenant = row.Get<TenantId>(1);
      one.id = row.Get<Uuid>(2);
      one.version = row.Get<uint32_t>(3);
    }
    return due;
  });
}

postgres::Pending<std::vector<DueRewrap>> DueStore::ListRewraps(postgres::Transaction& tx,
                                                                absl::Time now, int limit) {
  return tx.Run(kDueRewraps, now, limit).Map([](postgres::Result rows) {
    std::vector<DueRewrap> due;
    for (const postgres::Row row : rows)
      due.push_back({row.Get<TenantId>(0), row.Get<RewrapId>(1)});
    return due;
  });
}

postgres::Pending<std::vector<DueLease>> DueStore::ListLeases(postgres::Transaction& tx,
                                                              absl::Time now, int limit) {
  return tx.Run(kDueLeases, now, limit).Map([](postgres::Result rows) {
    std::vector<DueLease> due;
    for (const postgres::Row row : rows) {
      due.push_back({row.Get<TenantId>(0), row.Get<DatabaseId>(1), row.Get<LeaseId>(2)});
    }
    return due;
  });
}

postgres::Pending<std::vector<LeaseId>> DueStore::ClaimLeases(postgres::Transaction& tx,
                                                              TenantId tenant,
                                                              const std::vector<LeaseId>& ids,
                                                              absl::Time now, absl::Time until) {
  return tx.Run(kClaimLeases, tenant, ids, now, until).Map([](postgres::Result rows) {
    std::vector<LeaseId> claimed;
    for (const postgres::Row row : rows) claimed.push_back(row.Get<LeaseId>(0));
    return claimed;
  });
}

void DueStore::PutOffLease(postgres::Transaction& tx, TenantId tenant, LeaseId id, absl::Time until,
                           std::string_view waiting_for) {
  tx.Run(kPutOffLease, tenant, id, until, waiting_for);
}

}  // namespace kasbah::vault
