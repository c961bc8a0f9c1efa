#include "services/tenant_data/store/due_domain_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kClaim{
    "due_domains.claim",
    "WITH due AS (SELECT tenant_id, domain_id FROM tenant_data.domains WHERE next_check_at <= $1 "
    "ORDER BY next_check_at LIMIT $3 FOR UPDATE SKIP LOCKED) "
    "UPDATE tenant_data.domains d SET next_check_at = $2 FROM due "
    "WHERE d.tenant_id = due.tenant_id AND d.domain_id = due.domain_id "
    "RETURNING d.tenant_id, d.domain_id",
    Access::kWrite};

constexpr Statement kHasten{"due_domains.hasten",
                            "UPDATE tenant_data.domains SET next_check_at = $3 "
                            "WHERE tenant_id = $1 AND domain_id = $2 AND next_check_at > $4",
                            Access::kWrite};

}  // namespace

Pending<std::vector<DueDomain>> DueDomainStore::Claim(Transaction& tx, absl::Time now,
                                                      absl::Time until, int64_t limit) {
  return tx.Run(kClaim, now, until, limit).Map([](const Result& rows) {
    std::vector<DueDomain> due;
    for (const Row& row : rows) due.push_back({row.Get<TenantId>(0), row.Get<DomainId>(1)});
    return due;
  });
}

void DueDomainStore::Hasten(Transaction& tx, const DueDomain& domain, absl::Time now,
                            absl::Time unless_before) {
  tx.Run(kHasten, domain.tenant, domain.domain, now, unless_before);
}

}  // namespace kasbah::tenantdata
