#include "tests/bench/explained_transaction.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/tenant_data/store/explained_fixture.h"
#include <nlohmann/json.hpp>

namespace kasbah::bench {
namespace {

constexpr int kRounds = 9;

}  // namespace

ExplainedTransaction::ExplainedTransaction(const std::string& dsn, const CallContext& call)
    : connection_(PQconnectdb(dsn.c_str())) {
  Query("BEGIN");
  Query("SET LOCAL ROLE kasbah_tenant_data");
  Query(StrCat("SELECT core.enter('", call.tenant.uuid().ToString(), "', '",
               call.customer ? call.customer->uuid().ToString() : "all", "')"));
  Query(std::string(postgres::kPlanComposed.sql));
}

ExplainedTransaction::~ExplainedTransaction() { PQfinish(connection_); }

size_t ExplainedTransaction::Queue(const postgres::Statement&, std::vector<postgres::Param>) {
  Crash("composed queries alone are explained", __FILE__, __LINE__);
}

size_t ExplainedTransaction::Queue(postgres::ComposedQuery query) {
  std::string& name = names_[query.sql()];
  if (name.empty()) {
    name = StrCat("shape", names_.size());
    Query(tenantdata::PrepareAs(name, query));
  }
  const std::string execute = tenantdata::ExecuteAs(name, query);
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    const auto rows = Query("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + execute);
    const auto plan = nlohmann::json::parse(PQgetvalue(rows.get(), 0, 0));
    times.push_back(plan[0]["Planning Time"].get<double>() +
                    plan[0]["Execution Time"].get<double>());
  }
  first_ += times.front();
  std::sort(times.begin(), times.end());
  median_ += times[times.size() / 2];
  results_.emplace_back(Query(execute, /*binary=*/true));
  return results_.size() - 1;
}

std::shared_ptr<const PGresult> ExplainedTransaction::Query(const std::string& sql, bool binary) {
  std::shared_ptr<const PGresult> result(
      PQexecParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, binary ? 1 : 0),
      [](const PGresult* owned) { PQclear(const_cast<PGresult*>(owned)); });
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    Crash(PQerrorMessage(connection_), __FILE__, __LINE__);
  }
  return result;
}

}  // namespace kasbah::bench
