#include "services/auth/store/workload_store.h"

#include <string>

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Result;
using postgres::Row;
using postgres::Statement;

constexpr Statement kInsert{"workloads.insert", R"sql(
INSERT INTO auth.workloads (tenant_id, workload_id, name, revision, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6))sql",
                            Access::kWrite};

constexpr Statement kInsertServiceAccounts{"workloads.insert_service_accounts", R"sql(
INSERT INTO auth.workload_service_accounts
  (tenant_id, issuer, namespace, service_account, workload_id)
SELECT $1, issuer, namespace, service_account, $2
FROM unnest($3, $4, $5) AS a (issuer, namespace, service_account))sql",
                                           Access::kWrite};

constexpr Statement kDeleteServiceAccounts{"workloads.delete_service_accounts", R"sql(
DELETE FROM auth.workload_service_accounts WHERE tenant_id = $1 AND workload_id = $2)sql",
                                           Access::kWrite};

constexpr Statement kSave{"workloads.save", R"sql(
UPDATE auth.workloads SET revision = $3, updated_at = $4
WHERE tenant_id = $1 AND workload_id = $2)sql",
                          Access::kWrite};

constexpr Statement kDelete{"workloads.delete", R"sql(
DELETE FROM auth.workloads WHERE tenant_id = $1 AND workload_id = $2)sql",
                            Access::kWrite};

// A workload and its service accounts as three arrays of one order.
#define KASBAH_WORKLOAD                                                                        \
  "SELECT w.workload_id, w.name, w.revision, w.created_at, w.updated_at,"                      \
  " coalesce(a.issuers, '{}'), coalesce(a.namespaces, '{}'), coalesce(a.accounts, '{}')"       \
  " FROM auth.workloads w LEFT JOIN LATERAL ("                                                 \
  "  SELECT array_agg(s.issuer ORDER BY s.issuer, s.namespace, s.service_account) AS issuers," \
  "   array_agg(s.namespace ORDER BY s.issuer, s.namespace, s.service_account) AS namespaces," \
  "   array_agg(s.service_account ORDER BY s.issuer, s.namespace, s.service_account)"          \
  "    AS accounts"                                                                            \
  "  FROM auth.workload_service_accounts s"                                                    \
  "  WHERE s.tenant_id = $1 AND s.workload_id = w.workload_id) a ON true"                      \
  " WHERE w.tenant_id = $1 AND "

constexpr Statement kGet{"workloads.get", KASBAH_WORKLOAD "(w.workload_id = $2 OR w.name = $3)"};

constexpr Statement kLock{"workloads.lock",
                          KASBAH_WORKLOAD "(w.workload_id = $2 OR w.name = $3) FOR UPDATE OF w"};

constexpr Statement kList{"workloads.list",
                          KASBAH_WORKLOAD "w.workload_id > $2 ORDER BY w.workload_id LIMIT $3"};

constexpr Statement kFindByName{"workloads.find_by_name", R"sql(
SELECT workload_id, name FROM auth.workloads WHERE tenant_id = $1 AND name = $2)sql"};

constexpr Statement kFindByServiceAccount{"workloads.find_by_service_account", R"sql(
SELECT w.workload_id, w.name
FROM auth.workload_service_accounts s
JOIN auth.workloads w ON w.tenant_id = s.tenant_id AND w.workload_id = s.workload_id
WHERE s.tenant_id = $1 AND s.issuer = $2 AND s.namespace = $3 AND s.service_account = $4)sql"};

Workload ToWorkload(const Row& row) {
  Workload workload;
  workload.id = row.Get<WorkloadId>(0);
  workload.name = row.Get<std::string>(1);
  workload.revision = row.Get<int64_t>(2);
  workload.create_time = row.Get<absl::Time>(3);
  workload.update_time = row.Get<absl::Time>(4);
  const auto issuers = row.Get<std::vector<std::string>>(5);
  const auto namespaces = row.Get<std::vector<std::string>>(6);
  const auto accounts = row.Get<std::vector<std::string>>(7);
  for (size_t i = 0; i < issuers.size(); ++i) {
    workload.service_accounts.push_back({issuers[i], namespaces[i], accounts[i]});
  }
  return workload;
}

std::optional<WorkloadStore::Known> ToKnown(const Result& rows) {
  if (rows.empty()) return std::nullopt;
  return WorkloadStore::Known{rows[0].Get<WorkloadId>(0), rows[0].Get<std::string>(1)};
}

}  // namespace

void WorkloadStore::InsertServiceAccounts(Transaction& tx, TenantId tenant,
                                          const Workload& workload) const {
  if (workload.service_accounts.empty()) return;
  std::vector<std::string> issuers, namespaces, accounts;
  for (const ServiceAccount& account : workload.service_accounts) {
    issuers.push_back(account.issuer);
    namespaces.push_back(account.namespace_name);
    accounts.push_back(account.name);
  }
  tx.Run(kInsertServiceAccounts, tenant, workload.id, issuers, namespaces, accounts);
}

void WorkloadStore::Insert(Transaction& tx, TenantId tenant, const Workload& workload) const {
  tx.Run(kInsert, tenant, workload.id, workload.name, workload.revision, workload.create_time,
         workload.update_time);
  InsertServiceAccounts(tx, tenant, workload);
}

WorkloadStore::Pending<Workload> WorkloadStore::Get(Transaction& tx, TenantId tenant,
                                                    const WorkloadRef& ref) const {
  return tx.RunForOne(kGet, "workload", ToWorkload, tenant, ref.id, ref.name);
}

WorkloadStore::Pending<Workload> WorkloadStore::Lock(Transaction& tx, TenantId tenant,
                                                     const WorkloadRef& ref) const {
  return tx.RunForOne(kLock, "workload", ToWorkload, tenant, ref.id, ref.name);
}

WorkloadStore::Pending<std::vector<Workload>> WorkloadStore::List(Transaction& tx, TenantId tenant,
                                                                  WorkloadId after,
                                                                  int limit) const {
  return tx.Run(kList, tenant, after, limit).Map([](Result rows) {
    std::vector<Workload> workloads;
    for (const Row row : rows) workloads.push_back(ToWorkload(row));
    return workloads;
  });
}

void WorkloadStore::Save(Transaction& tx, TenantId tenant, const Workload& workload) const {
  tx.Run(kSave, tenant, workload.id, workload.revision, workload.update_time);
  tx.Run(kDeleteServiceAccounts, tenant, workload.id);
  InsertServiceAccounts(tx, tenant, workload);
}

void WorkloadStore::Delete(Transaction& tx, TenantId tenant, WorkloadId id) const {
  tx.Run(kDelete, tenant, id);
}

WorkloadStore::Pending<std::optional<WorkloadStore::Known>> WorkloadStore::FindByName(
    Transaction& tx, TenantId tenant, std::string_view name) const {
  return tx.Run(kFindByName, tenant, name).Map(ToKnown);
}

WorkloadStore::Pending<std::optional<WorkloadStore::Known>> WorkloadStore::FindByServiceAccount(
    Transaction& tx, TenantId tenant, const ServiceAccount& account) const {
  return tx.Run(kFindByServiceAccount, tenant, account.issuer, account.namespace_name, account.name)
      .Map(ToKnown);
}

}  // namespace kasbah::auth
