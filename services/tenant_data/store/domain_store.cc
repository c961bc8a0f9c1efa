#include "services/tenant_data/store/domain_store.h"

#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

#define KASBAH_DOMAIN                                                                    \
  "SELECT domain_id, host, state, nonce, version, created_at, verified_at, checked_at, " \
  "failed_checks FROM tenant_data.domains WHERE tenant_id = $1 "

constexpr Statement kGet{"domains.get", KASBAH_DOMAIN "AND domain_id = $2"};

constexpr Statement kGetForChange{"domains.get_for_change",
                                  KASBAH_DOMAIN "AND domain_id = $2 FOR UPDATE"};

constexpr Statement kList{"domains.list",
                          KASBAH_DOMAIN "AND domain_id > $2 ORDER BY domain_id LIMIT $3"};

#undef KASBAH_DOMAIN

constexpr Statement kCount{"domains.count",
                           "SELECT count(*) FROM tenant_data.domains WHERE tenant_id = $1"};

constexpr Statement kInsert{
    "domains.insert",
    "INSERT INTO tenant_data.domains (tenant_id, domain_id, host, nonce, created_at) "
    "VALUES ($1, $2, $3, $4, $5)",
    Access::kWrite};

constexpr Statement kSave{
    "domains.save",
    "UPDATE tenant_data.domains SET state = $3, version = $4, verified_at = $5, checked_at = $6, "
    "failed_checks = $7, next_check_at = $8 WHERE tenant_id = $1 AND domain_id = $2",
    Access::kWrite};

constexpr Statement kDelete{
    "domains.delete", "DELETE FROM tenant_data.domains WHERE tenant_id = $1 AND domain_id = $2",
    Access::kWrite};

DomainState ParseState(std::string_view name) {
  for (const DomainState state :
       {DomainState::kPending, DomainState::kVerified, DomainState::kLapsed}) {
    if (NameOf(state) == name) return state;
  }
  Crash("a domain's state that the table does not allow", __FILE__, __LINE__);
}

Domain ReadDomain(const Row& row) {
  Domain domain;
  domain.id = row.Get<DomainId>(0);
  domain.host = row.Get<std::string>(1);
  domain.state = ParseState(row.Get<std::string>(2));
  domain.nonce = row.Get<std::string>(3);
  domain.version = row.Get<uint64_t>(4);
  domain.created = row.Get<absl::Time>(5);
  domain.verified = row.Get<std::optional<absl::Time>>(6);
  domain.checked = row.Get<std::optional<absl::Time>>(7);
  domain.failed_checks = row.Get<uint64_t>(8);
  return domain;
}

}  // namespace

std::string_view NameOf(DomainState state) {
  switch (state) {
    case DomainState::kPending:
      return "pending";
    case DomainState::kVerified:
      return "verified";
    case DomainState::kLapsed:
      return "lapsed";
  }
  Crash("a domain's state that is not stored", __FILE__, __LINE__);
}

Pending<Domain> DomainStore::Get(Transaction& tx, TenantId tenant, DomainId id) {
  return tx.RunForOne(kGet, "domain", ReadDomain, tenant, id);
}

Pending<std::vector<Domain>> DomainStore::List(Transaction& tx, TenantId tenant, DomainId after,
                                               int64_t limit) {
  return tx.Run(kList, tenant, after, limit).Map([](const Result& rows) {
    std::vector<Domain> domains;
    for (const Row& row : rows) domains.push_back(ReadDomain(row));
    return domains;
  });
}

Pending<int64_t> DomainStore::Count(Transaction& tx, TenantId tenant) {
  return tx.RunForOne(
      kCount, "count", [](const Row& row) { return row.Get<int64_t>(0); }, tenant);
}

Pending<Result> DomainStore::Insert(Transaction& tx, TenantId tenant, const Domain& domain) {
  return tx.Run(kInsert, tenant, domain.id, domain.host, Bytes{domain.nonce}, domain.created);
}

Pending<Domain> DomainStore::GetForChange(Transaction& tx, TenantId tenant, DomainId id) {
  return tx.RunForOne(kGetForChange, "domain", ReadDomain, tenant, id);
}

void DomainStore::Save(Transaction& tx, TenantId tenant, const Domain& domain,
                       std::optional<absl::Time> next_check) {
  tx.Run(kSave, tenant, domain.id, NameOf(domain.state), domain.version, domain.verified,
         domain.checked, domain.failed_checks, next_check);
}

void DomainStore::Delete(Transaction& tx, TenantId tenant, DomainId id) {
  tx.Run(kDelete, tenant, id);
}

}  // namespace kasbah::tenantdata
