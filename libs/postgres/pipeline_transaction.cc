#include "libs/postgres/pipeline_transaction.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"

namespace kasbah::postgres::internal {
namespace {

// Binary, as every result.
constexpr int kBinary = 1;

}  // namespace

PipelineTransaction::PipelineTransaction(Connection& connection, const Scope& scope)
    : connection_(connection), handle_(connection.handle()), scope_(scope) {}

size_t PipelineTransaction::Queue(const Statement& statement, std::vector<Param> params) {
  const size_t index = results_.size();
  results_.emplace_back();
  wrote_ = wrote_ || statement.access == Access::kWrite;
  queued_.push_back({statement, std::move(params), index, ""});
  return index;
}

size_t PipelineTransaction::Queue(ComposedQuery query) {
  const size_t index = results_.size();
  results_.emplace_back();
  if (!std::exchange(composed_, true)) queued_.push_back({kPlanComposed, {}, std::nullopt});
  queued_.push_back({kComposed, query.params(), index, query.sql()});
  return index;
}

void PipelineTransaction::Start() {
  if (lost_ || error_.has_value()) return;
  SendQueued();
  // What does not fit into the socket goes out with the next.
  if (!lost_) PQflush(handle_);
}

absl::Status PipelineTransaction::Flush() {
  if (!lost_ && !error_.has_value()) {
    SendQueued();
    if (!lost_ && PQsendFlushRequest(handle_) != 1) Lose();
    ReadAll();
  }
  if (lost_) return LostVerdict().status;
  return error_.has_value() ? error_->status : absl::OkStatus();
}

absl::StatusOr<Result> PipelineTransaction::ResultAt(size_t index) {
  if (results_[index] != nullptr) return Result(results_[index]);
  if (error_.has_value()) return error_->status;
  return absl::InternalError("a result was taken before its transaction was committed");
}

Verdict PipelineTransaction::Finish(const absl::Status& body) {
  // What was sent early may have failed since: that is known before anything is said of a commit.
  if (!lost_ && !expected_.empty() && connection_.HasUnreadInput()) Flush().IgnoreError();
  if (lost_) return LostVerdict();
  if (error_.has_value()) {
    RollBack();
    if (error_->remedy != Remedy::kNone || body.ok()) return {error_->status, error_->remedy};
    return {body};
  }
  if (!body.ok()) {
    RollBack();
    return {body};
  }
  if (wrote_ && scope_.audit_required && !audited()) {
    RollBack();
    telemetry::LogError("a transaction wrote without an audit event; it was rolled back");
    return {absl::InternalError("a write without its audit event")};
  }
  // After an awaited flush the server owes nothing: what it says now is that it ended, and as long
  // as Sync is not sent that is no unknown outcome.
  if (entered_ && connection_.HasUnreadInput()) {
    Lose();
    return LostVerdict();
  }
  SendQueued();
  SendSync();
  ReadAll();
  if (lost_) return LostVerdict();
  if (error_.has_value()) return {error_->status, error_->remedy};
  return {absl::OkStatus()};
}

Verdict PipelineTransaction::LostVerdict() const {
  const bool nothing_committed = !sync_sent_ || surely_rolled_back_ || !write_sent_;
  if (!nothing_committed) return {CommitUnknown()};
  if (timed_out_) return {DeadlineExceeded()};
  if (error_.has_value() && error_->remedy != Remedy::kReconnect) return {error_->status};
  return {DatabaseUnavailable(), Remedy::kReconnect};
}

void PipelineTransaction::RollBack() {
  queued_.clear();
  // Nothing left this process: nothing to undo.
  if (lost_ || !entered_) return;
  // After an error the server skips to Sync by itself and has rolled back.
  if (write_sent_ && !error_.has_value()) SendPlain("ROLLBACK");
  const std::optional<SqlError> cause = error_;
  SendSync();
  ReadAll();
  error_ = cause;
  if (lost_) connection_.MarkBroken();
}

void PipelineTransaction::SendQueued() {
  if (absl::Now() >= scope_.deadline) {
    timed_out_ = true;
    Lose();
    // Nothing was sent, so the connection is as good as before.
    return;
  }
  if (!entered_) SendScope();
  for (const Queued& queued : std::exchange(queued_, {})) {
    if (lost_ || error_.has_value()) return;
    Send(queued);
  }
}

void PipelineTransaction::SendScope() {
  entered_ = true;
  connection_.MarkBusy(true);
  if (connection_.TakeDeallocate()) SendPlain("DEALLOCATE ALL");
  if (const auto enter = EnterStatement(scope_)) Send(*enter);
}

void PipelineTransaction::Send(const Queued& queued) {
  if (lost_) return;
  const std::string name(queued.statement.name);
  const Sent sent = SendStatement(connection_, queued);
  if (sent.prepare) {
    expected_.push_back({Expected::Kind::kPrepare, std::string(sent.name), std::nullopt});
  }
  if (!sent.wrong.ok()) {
    if (!error_.has_value()) error_ = SqlError{sent.wrong, Remedy::kNone, ""};
    return;
  }
  if (!sent.statement) return Lose();
  write_sent_ = write_sent_ || queued.statement.access == Access::kWrite;
  expected_.push_back({Expected::Kind::kStatement, name, queued.index});
}

void PipelineTransaction::SendPlain(const char* sql) {
  if (lost_) return;
  if (PQsendQueryParams(handle_, sql, 0, nullptr, nullptr, nullptr, nullptr, kBinary) != 1) {
    return Lose();
  }
  expected_.push_back({Expected::Kind::kOther, "", std::nullopt});
}

void PipelineTransaction::SendSync() {
  if (lost_) return;
  // A mistake of ours, found while sending: what was sent is not to be committed.
  if (error_.has_value() && error_->sqlstate.empty()) return Lose();
  if (PQpipelineSync(handle_) != 1) return Lose();
  sync_sent_ = true;
  expected_.push_back({Expected::Kind::kSync, "", std::nullopt});
}

void PipelineTransaction::Lose() {
  lost_ = true;
  // Before anything was sent it was a matter of time only.
  if (entered_) connection_.MarkBroken();
}

}  // namespace kasbah::postgres::internal
