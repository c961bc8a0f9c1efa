#include "services/tenant_data/store/tenant_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kGet{
    "tenants.get",
    "SELECT tenant_id, slug, display_name, created_at, suspended_at FROM core.tenants "
    "WHERE tenant_id = $1 AND slug <> '-system'"};

constexpr Statement kEnterActive{"tenants.enter_active", "SELECT core.enter($1, 'all')"};

constexpr Statement kInsert{
    "tenants.insert",
    "INSERT INTO core.tenants (tenant_id, slug, display_name, created_at) VALUES ($1, $2, $3, $4)",
    Access::kWrite};

constexpr Statement kEnter{"tenants.enter", "SELECT core.enter_any_state($1, 'all')"};

constexpr Statement kGetForChange{
    "tenants.get_for_change",
    "SELECT tenant_id, slug, display_name, created_at, suspended_at FROM core.tenants "
    "WHERE tenant_id = $1 AND slug <> '-system' FOR UPDATE"};

constexpr Statement kSetSuspended{
    "tenants.set_suspended",
    "UPDATE core.tenants SET suspended_at = $2, "
    "state = CASE WHEN $2 IS NULL THEN 'active' ELSE 'suspended' END, "
    "state_version = state_version + 1 WHERE tenant_id = $1 AND slug <> '-system'",
    Access::kWrite};

// Ids are made in the order of creation, and the primary key keeps that order.
constexpr Statement kList{
    "tenants.list",
    "SELECT tenant_id, slug, display_name, created_at, suspended_at FROM core.tenants "
    "WHERE tenant_id > $1 AND slug <> '-system' ORDER BY tenant_id LIMIT $2"};

Tenant ReadTenant(const Row& row) {
  Tenant tenant;
  tenant.id = row.Get<TenantId>(0);
  tenant.slug = row.Get<std::string>(1);
  tenant.display_name = row.Get<std::string>(2);
  tenant.created = row.Get<absl::Time>(3);
  tenant.suspended = row.Get<std::optional<absl::Time>>(4);
  return tenant;
}

}  // namespace

Pending<Tenant> TenantStore::GetActive(Transaction& tx, TenantId tenant) const {
  tx.Run(kEnterActive, tenant);
  return tx.RunForOne(kGet, "tenant", ReadTenant, tenant);
}

Pending<Result> TenantStore::Insert(Transaction& tx, const Tenant& tenant) const {
  return tx.Run(kInsert, tenant.id, tenant.slug, tenant.display_name, tenant.created);
}

void TenantStore::Enter(Transaction& tx, TenantId tenant) const { tx.Run(kEnter, tenant); }

Pending<Tenant> TenantStore::GetForChange(Transaction& tx, TenantId tenant) const {
  return tx.RunForOne(kGetForChange, "tenant", ReadTenant, tenant);
}

void TenantStore::SetSuspended(Transaction& tx, TenantId tenant,
                               std::optional<absl::Time> suspended) const {
  tx.Run(kSetSuspended, tenant, suspended);
}

Pending<std::vector<Tenant>> TenantStore::List(Transaction& tx, TenantId after,
                                               int64_t limit) const {
  return tx.Run(kList, after, limit).Map([](Result rows) {
    std::vector<Tenant> tenants;
    for (const Row& row : rows) tenants.push_back(ReadTenant(row));
    return tenants;
  });
}

}  // namespace kasbah::tenantdata
