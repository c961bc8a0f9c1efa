#include "services/tenant_data/placement/tenant_copy_store.h"

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

constexpr Statement kFindPlace{"copies.find_place",
                               "SELECT records FROM core.tenants WHERE tenant_id = $1"};

constexpr Statement kTakeOver{
    "copies.take_over", "UPDATE core.tenants SET mover = $2 WHERE tenant_id = $1", Access::kWrite};

constexpr Statement kPlace{"copies.place", "SELECT core.place_records($1, $2, $3, $4, $5)",
                           Access::kWrite};

constexpr Statement kRequireMine{
    "copies.require_mine",
    "SELECT core.require(count(*) = 1, 'MOVE_TAKEN_OVER') FROM (SELECT FROM core.tenants "
    "WHERE tenant_id = $1 AND mover = $2 AND records = 'elsewhere' FOR SHARE) t"};

constexpr Statement kHold{"copies.hold", "SELECT " KASBAH_TENANT_COLUMNS
                                         "FROM core.tenants "
                                         "WHERE tenant_id = $1 AND slug <> '-system' FOR SHARE"};

constexpr Statement kPut{
    "copies.put",
    "INSERT INTO core.tenants (tenant_id, slug, display_name, state, state_version, created_at, "
    "suspended_at, closed_at, erased_at, records) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'elsewhere') "
    "ON CONFLICT (tenant_id) DO UPDATE SET slug = excluded.slug, "
    "display_name = excluded.display_name, state = excluded.state, "
    "state_version = excluded.state_version, suspended_at = excluded.suspended_at, "
    "closed_at = excluded.closed_at, erased_at = excluded.erased_at",
    Access::kWrite};

constexpr Statement kPush{
    "copies.push",
    "UPDATE core.tenants SET slug = $2, display_name = $3, state = $4, state_version = $5, "
    "suspended_at = $6, closed_at = $7, erased_at = $8 "
    "WHERE tenant_id = $1 AND state_version <= $5",
    Access::kWrite};

constexpr Statement kVersions{"copies.versions",
                              "SELECT tenant_id, state_version, state FROM core.tenants "
                              "WHERE tenant_id = ANY($1) ORDER BY tenant_id"};

}  // namespace

Pending<std::optional<std::string>> TenantCopyStore::FindPlace(Transaction& tx, TenantId tenant) {
  return tx.Run(kFindPlace, tenant).Map([](const Result& rows) -> std::optional<std::string> {
    if (rows.empty()) return std::nullopt;
    return rows[0].Get<std::string>(0);
  });
}

void TenantCopyStore::TakeOver(Transaction& tx, TenantId tenant, Uuid worker) {
  tx.Run(kTakeOver, tenant, worker);
}

Pending<bool> TenantCopyStore::Place(Transaction& tx, TenantId tenant, Uuid worker,
                                     const std::vector<std::string>& expected,
                                     std::string_view place, std::optional<absl::Duration> hold) {
  std::optional<int64_t> milliseconds;
  if (hold) milliseconds = absl::ToInt64Milliseconds(*hold);
  return tx.RunForOne(
      kPlace, "tenant", [](const Row& row) { return row.Get<bool>(0); }, tenant, worker, expected,
      place, milliseconds);
}

void TenantCopyStore::RequireMine(Transaction& tx, TenantId tenant, Uuid worker) {
  tx.Run(kRequireMine, tenant, worker);
}

Pending<Tenant> TenantCopyStore::Hold(Transaction& tx, TenantId id) {
  return tx.RunForOne(kHold, "tenant", ReadTenant, id);
}

void TenantCopyStore::Put(Transaction& tx, const Tenant& tenant) {
  tx.Run(kPut, tenant.id, tenant.slug, tenant.display_name, NameOf(tenant.state), tenant.version,
         tenant.created, tenant.suspended, tenant.closed, tenant.erased);
}

void TenantCopyStore::Push(Transaction& tx, const Tenant& tenant) {
  tx.Run(kPush, tenant.id, tenant.slug, tenant.display_name, NameOf(tenant.state), tenant.version,
         tenant.suspended, tenant.closed, tenant.erased);
}

Pending<std::vector<TenantCopyStore::Version>> TenantCopyStore::Versions(
    Transaction& tx, const std::vector<TenantId>& tenants) {
  return tx.Run(kVersions, tenants).Map([](const Result& rows) {
    std::vector<Version> versions;
    for (const Row& row : rows) {
      versions.push_back({row.Get<TenantId>(0), row.Get<uint64_t>(1), row.Get<std::string>(2)});
    }
    return versions;
  });
}

}  // namespace kasbah::tenantdata
