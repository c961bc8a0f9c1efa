#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/statement_sender.h"
#include "libs/postgres/transaction.h"

namespace kasbah::postgres::internal {

// A transaction that a lane carries out: its statements are all known before the first is sent, so
// nothing in it may be awaited.
class SharedTransaction final : public Transaction {
 public:
  // OK: committed. Otherwise nothing was, or COMMIT_UNKNOWN. None: nothing was committed, and the
  // same may be tried in the ordinary way.
  using Outcome = std::optional<absl::Status>;
  // On the lane's thread, which it must not hold up; or at once, where the lane takes no more.
  using Done = absl::AnyInvocable<void(Outcome)>;

  explicit SharedTransaction(const Scope& scope) : scope_(scope) {}

  void set_done(Done done) { done_ = std::move(done); }
  // Once. May destroy what the body refers to, but not this.
  void Finish(Outcome outcome);

  const Scope& scope() const { return scope_; }
  const std::vector<Queued>& queued() const { return queued_; }
  bool writes() const { return writes_; }
  // What must keep it from being sent: its deadline, a write without its audit event.
  absl::Status Check(absl::Time now) const;

  // For the lane, which reads what the server answers.
  void TakeResult(size_t index, std::shared_ptr<const PGresult> result) {
    results_[index] = std::move(result);
  }
  // Its COMMIT is about to be handed to libpq.
  void MarkSent() {
    sent_ = true;
    passed_over_ = false;
  }
  bool sent() const { return sent_; }
  // `rolled_back`: the server said what means that nothing was committed.
  void Fail(SqlError error, bool rolled_back) {
    if (!error_.has_value()) error_ = std::move(error);
    rolled_back_ = rolled_back_ || rolled_back;
  }
  // A statement was passed over after an error, which was another's unless one of its own came
  // first: then nothing of this began.
  void PassOver() { passed_over_ = !error_.has_value(); }
  bool passed_over() const { return passed_over_; }
  // Its COMMIT was carried out.
  void Complete() { committed_ = !error_.has_value(); }
  bool committed() const { return committed_; }
  bool rolled_back() const { return rolled_back_; }
  const std::optional<SqlError>& error() const { return error_; }

 protected:
  size_t Queue(const Statement& statement, std::vector<Param> params) override;
  size_t Queue(ComposedQuery query) override;
  absl::Status Flush() override;
  absl::StatusOr<Result> ResultAt(size_t index) override;

 private:
  const Scope scope_;
  Done done_;
  std::vector<Queued> queued_;
  std::vector<std::shared_ptr<const PGresult>> results_;
  std::optional<SqlError> error_;
  bool writes_ = false;
  bool composed_ = false;
  bool sent_ = false;
  bool passed_over_ = false;
  bool committed_ = false;
  bool rolled_back_ = false;
};

}  // namespace kasbah::postgres::internal
