#include "services/vault/store/lease_store.h"

#include "libs/base/status_macros.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;

#define KASBAH_LEASE_COLUMNS                                                                    \
  "l.lease_id, l.database_id, d.name, l.role_path, l.login, l.state, l.cause, l.actor, l.ttl, " \
  "l.expires_at, l.max_expires_at, l.attempts, l.waiting_for, l.created_at, l.ended_at "
#define KASBAH_OF_DATABASE \
  "JOIN vault.databases d ON d.tenant_id = l.tenant_id AND d.database_id = l.database_id "
#define KASBAH_ONE "WHERE tenant_id = $1 AND lease_id = $2 "

constexpr Statement kInsert{
    "leases.insert",
    "INSERT INTO vault.leases (tenant_id, lease_id, database_id, role_path, login, actor, ttl,"
    "  expires_at, max_expires_at, due_at, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    Access::kWrite};

constexpr Statement kGet{"leases.get",
                         "SELECT " KASBAH_LEASE_COLUMNS "FROM vault.leases l " KASBAH_OF_DATABASE
                         "WHERE l.tenant_id = $1 AND l.lease_id = $2"};
constexpr Statement kGetForUpdate{"leases.get_for_update",
                                  "SELECT " KASBAH_LEASE_COLUMNS
                                  "FROM vault.leases l " KASBAH_OF_DATABASE
                                  "WHERE l.tenant_id = $1 AND l.lease_id = $2 FOR UPDATE OF l"};
constexpr Statement kGetMany{"leases.get_many_for_update",
                             "SELECT " KASBAH_LEASE_COLUMNS
                             "FROM vault.leases l " KASBAH_OF_DATABASE
                             "WHERE l.tenant_id = $1 AND l.lease_id = ANY ($2)"
                             " ORDER BY l.lease_id FOR UPDATE OF l"};

constexpr Statement kList{
    "leases.list", "SELECT " KASBAH_LEASE_COLUMNS "FROM vault.leases l " KASBAH_OF_DATABASE
                   "WHERE l.tenant_id = $1 AND (l.role_path ^@ ($2 || '/') OR l.role_path = $2"
                   "   OR $2 = '') AND ($3::uuid IS NULL OR l.lease_id < $3)"
                   " AND ($4 OR l.state <> 'ended') ORDER BY l.lease_id DESC LIMIT $5"};
constexpr Statement kCountUnended{"leases.count_unended",
                                  "SELECT count(*) FROM vault.leases WHERE tenant_id = $1"
                                  " AND database_id = $2 AND state <> 'ended'"};

constexpr Statement kActivate{
    "leases.activate",
    "UPDATE vault.leases SET state = 'active', due_at = expires_at " KASBAH_ONE
    "AND state = 'creating' AND expires_at > $3"
    " RETURNING 1::bigint",
    Access::kWrite};
constexpr Statement kExtend{"leases.extend",
                            "UPDATE vault.leases SET expires_at = $4, due_at = $4 " KASBAH_ONE
                            "AND state = 'active' AND expires_at = $3 RETURNING 1::bigint",
                            Access::kWrite};
constexpr Statement kRevoke{
    "leases.revoke",
    "UPDATE vault.leases SET state = 'revoking', cause = $3,"
    "  due_at = CASE WHEN state = 'creating' THEN due_at ELSE $4 END " KASBAH_ONE
    "AND state IN ('creating', 'active')",
    Access::kWrite};
constexpr Statement kRevokeWithin{
    "leases.revoke_within",
    "WITH l AS ("
    "  UPDATE vault.leases SET state = 'revoking', cause = 'revoked',"
    "    due_at = CASE WHEN state = 'creating' THEN due_at ELSE $4 END"
    "  WHERE tenant_id = $1 AND lease_id IN ("
    "    SELECT lease_id FROM vault.leases"
    "    WHERE tenant_id = $1 AND state IN ('creating', 'active')"
    "      AND (role_path ^@ ($2 || '/') OR role_path = $2 OR $2 = '')"
    "      AND ($3::uuid IS NULL OR database_id = $3)"
    "    ORDER BY lease_id LIMIT $5 FOR UPDATE)"
    "  AND state IN ('creating', 'active') RETURNING *"
    ") SELECT " KASBAH_LEASE_COLUMNS "FROM l " KASBAH_OF_DATABASE,
    Access::kWrite};
constexpr Statement kAbandon{
    "leases.abandon",
    "UPDATE vault.leases SET state = 'revoking', cause = CASE cause"
    "  WHEN '' THEN 'failed' ELSE cause END, due_at = $3, ended_at = NULL " KASBAH_ONE,
    Access::kWrite};
constexpr Statement kEnd{"leases.end",
                         "UPDATE vault.leases SET state = 'ended', cause = $3, ended_at = $4,"
                         "  due_at = $5, waiting_for = '' " KASBAH_ONE
                         "AND state IN ('creating', 'revoking') RETURNING 1::bigint",
                         Access::kWrite};
constexpr Statement kAdopt{"leases.adopt",
                           "UPDATE vault.leases SET state = 'active', cause = '', expires_at = $3,"
                           "  due_at = $3, attempts = 0, waiting_for = '' " KASBAH_ONE
                           "AND state = 'revoking' AND cause = 'expired' AND max_expires_at >= $3"
                           " RETURNING 1::bigint",
                           Access::kWrite};
constexpr Statement kForget{"leases.forget",
                            "DELETE FROM vault.leases WHERE tenant_id = $1 AND lease_id = ANY ($2)"
                            " AND state = 'ended'",
                            Access::kWrite};

constexpr Statement kHeldBy{"leases.held_by",
                            "SELECT lease_id FROM vault.leases"
                            " WHERE tenant_id = $1 AND actor = $2 ORDER BY lease_id"};
constexpr Statement kEraseActor{"leases.erase_actor",
                                "UPDATE vault.leases SET actor = ''"
                                " WHERE tenant_id = $1 AND actor = $2",
                                Access::kWrite};

absl::StatusOr<Lease> LeaseOf(const Row& row) {
  Lease lease;
  lease.id = row.Get<LeaseId>(0);
  lease.database = row.Get<DatabaseId>(1);
  lease.database_name = row.Get<std::string>(2);
  lease.role_path = row.Get<std::string>(3);
  lease.login = row.Get<std::string>(4);
  ASSIGN_OR_RETURN(lease.state, ParseLeaseState(row.Get<std::string>(5)));
  lease.cause = row.Get<std::string>(6);
  lease.actor = row.Get<std::string>(7);
  lease.ttl = absl::Seconds(row.Get<int64_t>(8));
  lease.expires_at = row.Get<absl::Time>(9);
  lease.max_expires_at = row.Get<absl::Time>(10);
  lease.attempts = row.Get<int64_t>(11);
  lease.waiting_for = row.Get<std::string>(12);
  lease.created_at = row.Get<absl::Time>(13);
  lease.ended_at = row.Get<std::optional<absl::Time>>(14);
  return lease;
}

absl::StatusOr<std::vector<Lease>> LeasesOf(Result rows) {
  std::vector<Lease> leases;
  for (const Row row : rows) {
    ASSIGN_OR_RETURN(Lease lease, LeaseOf(row));
    leases.push_back(std::move(lease));
  }
  return leases;
}

bool Any(Result rows) { return !rows.empty(); }

}  // namespace

void LeaseStore::Insert(Transaction& tx, TenantId tenant, const Lease& lease, absl::Time due) {
  tx.Run(kInsert, tenant, lease.id, lease.database, lease.role_path, lease.login, lease.actor,
         absl::ToInt64Seconds(lease.ttl), lease.expires_at, lease.max_expires_at, due,
         lease.created_at);
}

Pending<Lease> LeaseStore::Get(Transaction& tx, TenantId tenant, LeaseId id) {
  return tx.RunForOne(kGet, "lease", LeaseOf, tenant, id);
}

Pending<Lease> LeaseStore::GetForUpdate(Transaction& tx, TenantId tenant, LeaseId id) {
  return tx.RunForOne(kGetForUpdate, "lease", LeaseOf, tenant, id);
}

Pending<std::vector<Lease>> LeaseStore::GetManyForUpdate(Transaction& tx, TenantId tenant,
                                                         const std::vector<LeaseId>& ids) {
  return tx.Run(kGetMany, tenant, ids).Map(LeasesOf);
}

Pending<std::vector<Lease>> LeaseStore::List(Transaction& tx, TenantId tenant,
                                             const ListOptions& options) {
  return tx
      .Run(kList, tenant, options.role_prefix, options.after, options.with_ended, options.limit)
      .Map(LeasesOf);
}

Pending<int64_t> LeaseStore::CountUnended(Transaction& tx, TenantId tenant, DatabaseId database) {
  return tx.Run(kCountUnended, tenant, database).Map([](Result rows) {
    return rows[0].Get<int64_t>(0);
  });
}

Pending<bool> LeaseStore::Activate(Transaction& tx, TenantId tenant, LeaseId id, absl::Time now) {
  return tx.Run(kActivate, tenant, id, now).Map(Any);
}

Pending<bool> LeaseStore::Extend(Transaction& tx, TenantId tenant, LeaseId id, absl::Time before,
                                 absl::Time expires_at) {
  return tx.Run(kExtend, tenant, id, before, expires_at).Map(Any);
}

void LeaseStore::Revoke(Transaction& tx, TenantId tenant, LeaseId id, std::string_view cause,
                        absl::Time due) {
  tx.Run(kRevoke, tenant, id, cause, due);
}

Pending<std::vector<Lease>> LeaseStore::RevokeWithin(Transaction& tx, TenantId tenant,
                                                     std::string_view prefix, DatabaseId database,
                                                     absl::Time due, int limit) {
  const auto only = database.is_nil() ? std::nullopt : std::optional(database);
  return tx.Run(kRevokeWithin, tenant, prefix, only, due, limit).Map(LeasesOf);
}

void LeaseStore::Abandon(Transaction& tx, TenantId tenant, LeaseId id, absl::Time now) {
  tx.Run(kAbandon, tenant, id, now);
}

Pending<bool> LeaseStore::End(Transaction& tx, TenantId tenant, LeaseId id, std::string_view cause,
                              absl::Time now) {
  return tx.Run(kEnd, tenant, id, cause, now, now + kEndedLeasesKept).Map(Any);
}

Pending<bool> LeaseStore::Adopt(Transaction& tx, TenantId tenant, LeaseId id,
                                absl::Time expires_at) {
  return tx.Run(kAdopt, tenant, id, expires_at).Map(Any);
}

void LeaseStore::Forget(Transaction& tx, TenantId tenant, const std::vector<LeaseId>& ids) {
  tx.Run(kForget, tenant, ids);
}

Pending<std::vector<LeaseId>> LeaseStore::HeldBy(Transaction& tx, TenantId tenant,
                                                 std::string_view actor) {
  return tx.Run(kHeldBy, tenant, actor).Map([](Result rows) {
    std::vector<LeaseId> ids;
    for (const Row row : rows) ids.push_back(row.Get<LeaseId>(0));
    return ids;
  });
}

Pending<int64_t> LeaseStore::EraseActor(Transaction& tx, TenantId tenant, std::string_view actor) {
  return tx.Run(kEraseActor, tenant, actor).Map([](Result rows) { return rows.affected(); });
}

}  // namespace kasbah::vault
