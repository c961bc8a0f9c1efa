#include "services/tenant_data/store/tenant_store.h"

#include "services/tenant_data/store/tenant_row.h"
#include "services/tenant_data/store/tenant_state.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

#define KASBAH_TENANT "SELECT " KASBAH_TENANT_COLUMNS "FROM core.tenants "

constexpr Statement kGet{"tenants.get", KASBAH_TENANT "WHERE tenant_id = $1 AND slug <> '-system'"};

constexpr Statement kEnterActive{"tenants.enter_active", "SELECT core.enter($1, $2)"};

// What is left of the slug of a tenant that is erased.
#define KASBAH_RETIRED(slug) "'-' || encode(sha256(convert_to(" slug ", 'UTF8')), 'hex')"

constexpr Statement kInsert{
    "tenants.insert",
    "WITH made AS (INSERT INTO core.tenants (tenant_id, slug, display_name, created_at) "
    "SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM core.tenants "
    "WHERE slug = " KASBAH_RETIRED("$2") ") RETURNING 1) "
    "SELECT core.require(EXISTS (SELECT FROM made), 'ALREADY_EXISTS')",
    Access::kWrite};

constexpr Statement kEraseNames{
    "tenants.erase_names",
    "UPDATE core.tenants SET slug = " KASBAH_RETIRED("slug") ", display_name = '', "
    "erased_at = $2, state_version = $3 WHERE tenant_id = $1 AND slug <> '-system' "
    "AND state = 'closed' AND erased_at IS NULL",
    Access::kWrite};
#undef KASBAH_RETIRED

constexpr Statement kEnter{"tenants.enter", "SELECT core.enter_any_state($1, 'all')"};

constexpr Statement kGetForChange{"tenants.get_for_change", KASBAH_TENANT
                                  "WHERE tenant_id = $1 AND slug <> '-system' FOR UPDATE"};

constexpr Statement kSave{"tenants.save",
                          "UPDATE core.tenants SET display_name = $2, state = $3, "
                          "state_version = $4, suspended_at = $5, closed_at = $6 "
                          "WHERE tenant_id = $1 AND slug <> '-system'",
                          Access::kWrite};

constexpr Statement kReleaseHosts{
    "tenants.release_hosts", "DELETE FROM tenant_data.hosts WHERE tenant_id = $1", Access::kWrite};

// Ids are made in the order of creation, and the primary key keeps that order.
constexpr Statement kList{"tenants.list", KASBAH_TENANT
                          "WHERE tenant_id > $1 AND slug <> '-system' ORDER BY tenant_id LIMIT $2"};

#undef KASBAH_TENANT

}  // namespace

void TenantStore::EnterActive(Transaction& tx, const CallContext& call) const {
  tx.Run(kEnterActive, call.tenant,
         call.customer ? call.customer->uuid().ToString() : std::string("all"));
}

Pending<Tenant> TenantStore::Get(Transaction& tx, TenantId tenant) const {
  return tx.RunForOne(kGet, "tenant", ReadTenant, tenant);
}

Pending<Result> TenantStore::Insert(Transaction& tx, const Tenant& tenant) const {
  return tx.Run(kInsert, tenant.id, tenant.slug, tenant.display_name, tenant.created);
}

void TenantStore::Enter(Transaction& tx, TenantId tenant) const { tx.Run(kEnter, tenant); }

Pending<Tenant> TenantStore::GetForChange(Transaction& tx, TenantId tenant) const {
  return tx.RunForOne(kGetForChange, "tenant", ReadTenant, tenant);
}

void TenantStore::Save(Transaction& tx, const Tenant& tenant) const {
  tx.Run(kSave, tenant.id, tenant.display_name, NameOf(tenant.state), tenant.version,
         tenant.suspended, tenant.closed);
}

void TenantStore::EraseNames(Transaction& tx, const Tenant& tenant, absl::Time now) const {
  tx.Run(kEraseNames, tenant.id, now, tenant.version);
}

void TenantStore::ReleaseHosts(Transaction& tx, TenantId tenant) const {
  tx.Run(kReleaseHosts, tenant);
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
