#include "libs/postgres/shared_transaction.h"

#include <utility>

#include "libs/telemetry/log.h"

namespace kasbah::postgres::internal {

size_t SharedTransaction::Queue(const Statement& statement, std::vector<Param> params) {
  const size_t index = results_.size();
  results_.emplace_back();
  writes_ = writes_ || statement.access == Access::kWrite;
  queued_.push_back({statement, std::move(params), index, ""});
  return index;
}

size_t SharedTransaction::Queue(ComposedQuery query) {
  const size_t index = results_.size();
  results_.emplace_back();
  if (!std::exchange(composed_, true)) queued_.push_back({kPlanComposed, {}, std::nullopt});
  queued_.push_back({kComposed, query.params(), index, query.sql()});
  return index;
}

absl::Status SharedTransaction::Flush() {
  return absl::InternalError("a shared transaction awaits nothing");
}

absl::StatusOr<Result> SharedTransaction::ResultAt(size_t index) {
  if (committed_ && results_[index] != nullptr) return Result(results_[index]);
  if (error_.has_value()) return error_->status;
  return absl::InternalError("a result was taken before its transaction was committed");
}

absl::Status SharedTransaction::Check(absl::Time now) const {
  if (now >= scope_.deadline) return DeadlineExceeded();
  if (writes_ && scope_.audit_required && !audited()) {
    telemetry::LogError("a transaction wrote without an audit event; it was not sent");
    return absl::InternalError("a write without its audit event");
  }
  return absl::OkStatus();
}

void SharedTransaction::Finish(Outcome outcome) {
  if (outcome.has_value() && outcome->ok()) RunCommitHooks();
  Done done = std::move(done_);
  done(std::move(outcome));
}

}  // namespace kasbah::postgres::internal
