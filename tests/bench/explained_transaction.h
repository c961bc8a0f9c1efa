#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"

namespace kasbah::bench {

// Reads as tenant-data's role in the tenant's scope and adds up what PostgreSQL needs for it. Each
// composed query is prepared, as services have them, and run some times under EXPLAIN before it is
// run for its result.
class ExplainedTransaction final : public postgres::Transaction {
 public:
  // As a superuser of this server.
  ExplainedTransaction(const std::string& dsn, const CallContext& call);
  ~ExplainedTransaction() override;

  // Planning and execution in milliseconds, of each query the median.
  double median() const { return median_; }
  // Of each query the first time, when it is planned.
  double first() const { return first_; }

 protected:
  size_t Queue(const postgres::Statement& statement, std::vector<postgres::Param> params) override;
  size_t Queue(postgres::ComposedQuery query) override;
  absl::Status Flush() override { return absl::OkStatus(); }
  absl::StatusOr<postgres::Result> ResultAt(size_t index) override { return results_[index]; }

 private:
  // `binary`: as results are read; else as text.
  std::shared_ptr<const PGresult> Query(const std::string& sql, bool binary = false);

  PGconn* const connection_;
  // By text.
  absl::flat_hash_map<std::string, std::string> names_;
  std::vector<postgres::Result> results_;
  double median_ = 0;
  double first_ = 0;
};

}  // namespace kasbah::bench
