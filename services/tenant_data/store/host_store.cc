#include "services/tenant_data/store/host_store.h"

#include "services/tenant_data/store/tenant_state.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kEnter{"hosts.enter", "SELECT core.enter($1, 'all')"};
constexpr Statement kEnterAnyState{"hosts.enter_any_state",
                                   "SELECT core.enter_any_state($1, 'all')"};

constexpr Statement kTake{"hosts.take",
                          "INSERT INTO tenant_data.hosts (host, tenant_id, domain_id) "
                          "VALUES ($1, $2, $3) ON CONFLICT (host) DO NOTHING",
                          Access::kWrite};
// A statement of its own: it sees what the insert waited for.
constexpr Statement kRequireHeld{
    "hosts.require_held",
    "SELECT core.require(EXISTS (SELECT FROM tenant_data.hosts "
    "WHERE host = $1 AND tenant_id = $2 AND domain_id = $3), 'DOMAIN_TAKEN')"};

constexpr Statement kRelease{
    "hosts.release",
    "DELETE FROM tenant_data.hosts WHERE host = $1 AND tenant_id = $2 AND domain_id = $3",
    Access::kWrite};

constexpr Statement kFindHolder{"hosts.find_holder",
                                "SELECT tenant_id, domain_id FROM tenant_data.hosts "
                                "WHERE host = $1"};

constexpr Statement kFindByHost{"hosts.find_by_host",
                                "SELECT t.tenant_id, t.slug, t.state, true "
                                "FROM tenant_data.hosts h "
                                "JOIN core.tenants t ON t.tenant_id = h.tenant_id "
                                "WHERE h.host = $1"};

constexpr Statement kFindBySlug{
    "hosts.find_by_slug", "SELECT tenant_id, slug, state, false FROM core.tenants WHERE slug = $1"};

constexpr Statement kStateOf{"hosts.state_of",
                             "SELECT state FROM core.tenants WHERE tenant_id = $1"};

std::optional<HostOwner> ReadOwner(const Result& rows) {
  if (rows.empty()) return std::nullopt;
  const Row row = rows[0];
  return HostOwner{row.Get<TenantId>(0), row.Get<std::string>(1),
                   ParseTenantState(row.Get<std::string>(2)), row.Get<bool>(3)};
}

}  // namespace

void HostStore::Enter(Transaction& tx, TenantId tenant) { tx.Run(kEnter, tenant); }

void HostStore::EnterAnyState(Transaction& tx, TenantId tenant) { tx.Run(kEnterAnyState, tenant); }

void HostStore::Take(Transaction& tx, std::string_view host, const Holder& holder) {
  tx.Run(kTake, host, holder.tenant, holder.domain);
  tx.Run(kRequireHeld, host, holder.tenant, holder.domain);
}

void HostStore::Release(Transaction& tx, std::string_view host, const Holder& holder) {
  tx.Run(kRelease, host, holder.tenant, holder.domain);
}

Pending<std::optional<HostStore::Holder>> HostStore::FindHolder(Transaction& tx,
                                                                std::string_view host) {
  return tx.Run(kFindHolder, host).Map([](const Result& rows) -> std::optional<Holder> {
    if (rows.empty()) return std::nullopt;
    return Holder{rows[0].Get<TenantId>(0), rows[0].Get<DomainId>(1)};
  });
}

Pending<std::optional<HostOwner>> HostStore::FindByHost(Transaction& tx, std::string_view host) {
  return tx.Run(kFindByHost, host).Map(ReadOwner);
}

Pending<std::optional<HostOwner>> HostStore::FindBySlug(Transaction& tx, std::string_view slug) {
  return tx.Run(kFindBySlug, slug).Map(ReadOwner);
}

Pending<TenantState> HostStore::StateOf(Transaction& tx, TenantId tenant) {
  return tx.RunForOne(
      kStateOf, "tenant", [](const Row& row) { return ParseTenantState(row.Get<std::string>(0)); },
      tenant);
}

}  // namespace kasbah::tenantdata
