#include "services/auth/store/departure_store.h"

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kBegin{"departures.begin", R"sql(
WITH gone AS (
  DELETE FROM auth.memberships WHERE tenant_id = $1 AND user_id IN (
    SELECT user_id FROM auth.memberships WHERE tenant_id = $1 ORDER BY user_id LIMIT $2)
  RETURNING user_id
), noted AS (
  INSERT INTO auth.departures (tenant_id, user_id) SELECT $1, user_id FROM gone
  ON CONFLICT DO NOTHING
) SELECT count(*) FROM gone)sql",
                           Access::kWrite};

constexpr Statement kList{"departures.list",
                          "SELECT user_id FROM auth.departures WHERE tenant_id = $1"
                          " ORDER BY user_id LIMIT $2"};

constexpr Statement kFinish{"departures.finish", R"sql(
WITH gone AS (
  DELETE FROM auth.departures WHERE tenant_id = $1 AND user_id = ANY ($2) RETURNING 1
) SELECT count(*) FROM gone)sql",
                            Access::kWrite};

uint64_t CountOf(const Result& rows) { return rows[0].Get<uint64_t>(0); }

}  // namespace

Pending<uint64_t> DepartureStore::Begin(Transaction& tx, TenantId tenant, int limit) const {
  return tx.Run(kBegin, tenant, limit).Map(CountOf);
}

Pending<std::vector<UserId>> DepartureStore::List(Transaction& tx, TenantId tenant,
                                                  int limit) const {
  return tx.Run(kList, tenant, limit).Map([](const Result& rows) {
    std::vector<UserId> users;
    for (const Row& row : rows) users.push_back(row.Get<UserId>(0));
    return users;
  });
}

Pending<uint64_t> DepartureStore::Finish(Transaction& tx, TenantId tenant,
                                         const std::vector<UserId>& users) const {
  return tx.Run(kFinish, tenant, users).Map(CountOf);
}

}  // namespace kasbah::auth
