#include "services/tenant_data/store/rights_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"rights.insert", R"sql(
WITH made AS (
  INSERT INTO tenant_data.rights_operations (tenant_id, operation_id, kind, subject, actor_kind,
                                             actor_id, lease_until, created_at, updated_at)
  SELECT $1, $2, $3, $4, $5, $6, $7, $7, $7
  WHERE $3 NOT LIKE '%export' OR $8 > (
    SELECT count(*) FROM tenant_data.rights_operations WHERE tenant_id = $1
    AND kind LIKE '%export' AND (state = 'running' OR expires_at > $7))
  RETURNING 1
) SELECT core.require(EXISTS (SELECT FROM made), 'TOO_MANY_EXPORTS'))sql",
                            Access::kWrite};

#define KASBAH_OPERATION                                                                     \
  "SELECT operation_id, tenant_id, kind, subject, state, step, cursor, waiting_for, error, " \
  "actor_kind, actor_id, created_at, updated_at, finished_at, expires_at "                   \
  "FROM tenant_data.rights_operations WHERE tenant_id = $1 "

constexpr Statement kGet{"rights.get", KASBAH_OPERATION "AND operation_id = $2"};
constexpr Statement kGetForUpdate{"rights.get_for_update",
                                  KASBAH_OPERATION "AND operation_id = $2 FOR UPDATE"};
constexpr Statement kList{"rights.list", KASBAH_OPERATION "ORDER BY operation_id DESC LIMIT $2"};

constexpr Statement kFindAbout{"rights.find_about",
                               "SELECT operation_id FROM tenant_data.rights_operations"
                               " WHERE tenant_id = $1 AND subject = $2 AND subject <> ''"};

constexpr Statement kListExports{
    "rights.list_exports",
    "SELECT operation_id FROM tenant_data.rights_operations WHERE tenant_id = $1"
    " AND kind LIKE '%export' AND (state = 'running' OR expires_at IS NOT NULL)"
    " ORDER BY operation_id"};

constexpr Statement kMove{"rights.move", R"sql(
UPDATE tenant_data.rights_operations
SET step = $5, cursor = $6, waiting_for = '', updated_at = $7, lease_until = $8
WHERE tenant_id = $1 AND operation_id = $2 AND state = 'running' AND step = $3 AND cursor = $4
RETURNING 1::bigint)sql",
                          Access::kWrite};

constexpr Statement kEnd{"rights.end", R"sql(
UPDATE tenant_data.rights_operations
SET state = $3, error = $4, subject = '', waiting_for = '', updated_at = $5, finished_at = $5,
    expires_at = $6
WHERE tenant_id = $1 AND operation_id = $2 AND state = 'running' RETURNING 1::bigint)sql",
                         Access::kWrite};

constexpr Statement kForgetArchive{"rights.forget_archive",
                                   "UPDATE tenant_data.rights_operations SET expires_at = NULL"
                                   " WHERE tenant_id = $1 AND operation_id = $2",
                                   Access::kWrite};

constexpr Statement kAddCounts{"rights.add_counts", R"sql(
INSERT INTO tenant_data.rights_counts AS c (tenant_id, operation_id, service, name, rows)
SELECT $1, $2, n.service, n.name, n.rows
FROM unnest($3::text[], $4::text[], $5::bigint[]) AS n (service, name, rows)
ON CONFLICT (tenant_id, operation_id, service, name)
  DO UPDATE SET rows = c.rows + excluded.rows)sql",
                               Access::kWrite};

constexpr Statement kListCounts{"rights.list_counts",
                                "SELECT service, name, rows FROM tenant_data.rights_counts"
                                " WHERE tenant_id = $1 AND operation_id = $2"
                                " ORDER BY service, name"};

constexpr Statement kClaimDue{"upkeep.claim_due_operations", R"sql(
WITH due AS (
  SELECT d.tenant_id, d.operation_id FROM tenant_data.rights_operations d
  WHERE d.state = 'running' AND d.lease_until <= $1
    -- Those that move are worked off when they are there.
    AND EXISTS (SELECT FROM core.tenants t WHERE t.tenant_id = d.tenant_id AND t.records = 'here')
  ORDER BY d.lease_until LIMIT $3 FOR UPDATE OF d SKIP LOCKED
)
UPDATE tenant_data.rights_operations o SET lease_until = $2 FROM due
WHERE o.tenant_id = due.tenant_id AND o.operation_id = due.operation_id
RETURNING o.tenant_id, o.operation_id)sql",
                              Access::kWrite};

constexpr Statement kHold{"upkeep.hold_operation",
                          "UPDATE tenant_data.rights_operations SET lease_until = $4,"
                          " waiting_for = $3 WHERE tenant_id = $1 AND operation_id = $2"
                          " AND state = 'running'",
                          Access::kWrite};

RightsOperation ReadOperation(const Row& row) {
  RightsOperation operation;
  operation.id = row.Get<OperationId>(0);
  operation.tenant = row.Get<TenantId>(1);
  operation.kind = ParseRightsKind(row.Get<std::string>(2));
  operation.subject = row.Get<std::string>(3);
  operation.state = ParseRightsState(row.Get<std::string>(4));
  operation.step = row.Get<uint64_t>(5);
  operation.cursor = row.Get<std::string>(6);
  operation.waiting_for = row.Get<std::string>(7);
  operation.error = row.Get<std::string>(8);
  operation.actor_kind = row.Get<std::string>(9);
  operation.actor_id = row.Get<std::string>(10);
  operation.created = row.Get<absl::Time>(11);
  operation.updated = row.Get<absl::Time>(12);
  operation.finished = row.Get<std::optional<absl::Time>>(13);
  operation.expires = row.Get<std::optional<absl::Time>>(14);
  return operation;
}

std::vector<OperationId> ReadIds(const Result& rows) {
  std::vector<OperationId> ids;
  for (const Row& row : rows) ids.push_back(row.Get<OperationId>(0));
  return ids;
}

bool Any(const Result& rows) { return !rows.empty(); }

}  // namespace

void RightsStore::Insert(Transaction& tx, const RightsOperation& operation) {
  tx.Run(kInsert, operation.tenant, operation.id, NameOf(operation.kind), operation.subject,
         operation.actor_kind, operation.actor_id, operation.created, kMostExports);
}

Pending<RightsOperation> RightsStore::Get(Transaction& tx, TenantId tenant, OperationId id) {
  return tx.RunForOne(kGet, "operation", ReadOperation, tenant, id);
}

Pending<RightsOperation> RightsStore::GetForUpdate(Transaction& tx, TenantId tenant,
                                                   OperationId id) {
  return tx.RunForOne(kGetForUpdate, "operation", ReadOperation, tenant, id);
}

Pending<std::vector<RightsOperation>> RightsStore::List(Transaction& tx, TenantId tenant,
                                                        int limit) {
  return tx.Run(kList, tenant, limit).Map([](const Result& rows) {
    std::vector<RightsOperation> operations;
    for (const Row& row : rows) operations.push_back(ReadOperation(row));
    return operations;
  });
}

Pending<std::vector<OperationId>> RightsStore::FindAbout(Transaction& tx, TenantId tenant,
                                                         const std::string& subject) {
  return tx.Run(kFindAbout, tenant, subject).Map(ReadIds);
}

Pending<std::vector<OperationId>> RightsStore::ListExports(Transaction& tx, TenantId tenant) {
  return tx.Run(kListExports, tenant).Map(ReadIds);
}

Pending<bool> RightsStore::Move(Transaction& tx, const RightsOperation& operation, size_t step,
                                const std::string& cursor, absl::Time now, absl::Time lease_until) {
  return tx
      .Run(kMove, operation.tenant, operation.id, uint64_t{operation.step}, operation.cursor,
           uint64_t{step}, cursor, now, lease_until)
      .Map(Any);
}

Pending<bool> RightsStore::End(Transaction& tx, TenantId tenant, OperationId id, RightsState state,
                               std::string_view error, absl::Time now,
                               std::optional<absl::Time> expires) {
  return tx.Run(kEnd, tenant, id, NameOf(state), error, now, expires).Map(Any);
}

void RightsStore::ForgetArchive(Transaction& tx, TenantId tenant, OperationId id) {
  tx.Run(kForgetArchive, tenant, id);
}

void RightsStore::AddCounts(Transaction& tx, TenantId tenant, OperationId id,
                            const std::vector<RightsCount>& counts) {
  std::vector<std::string> services;
  std::vector<std::string> names;
  std::vector<int64_t> rows;
  for (const RightsCount& count : counts) {
    services.push_back(count.service);
    names.push_back(count.name);
    rows.push_back(count.rows);
  }
  if (!counts.empty()) tx.Run(kAddCounts, tenant, id, services, names, rows);
}

Pending<std::vector<RightsCount>> RightsStore::ListCounts(Transaction& tx, TenantId tenant,
                                                          OperationId id) {
  return tx.Run(kListCounts, tenant, id).Map([](const Result& rows) {
    std::vector<RightsCount> counts;
    for (const Row& row : rows) {
      counts.push_back({row.Get<std::string>(0), row.Get<std::string>(1), row.Get<int64_t>(2)});
    }
    return counts;
  });
}

Pending<std::vector<DueOperation>> ClaimDueOperations(Transaction& tx, absl::Time now,
                                                      absl::Time until, int limit) {
  return tx.Run(kClaimDue, now, until, limit).Map([](const Result& rows) {
    std::vector<DueOperation> due;
    for (const Row& row : rows) due.push_back({row.Get<TenantId>(0), row.Get<OperationId>(1)});
    return due;
  });
}

void HoldOperation(Transaction& tx, const DueOperation& operation, std::string_view waiting_for,
                   absl::Time until) {
  tx.Run(kHold, operation.tenant, operation.id, waiting_for, until);
}

}  // namespace kasbah::tenantdata
