#pragma once

#include <libpq-fe.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/connection.h"
#include "libs/postgres/database.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/statement_sender.h"
#include "libs/postgres/transaction.h"

namespace kasbah::postgres::internal {

// How a transaction ended.
struct Verdict {
  absl::Status status;
  // What may be tried, when the status is an error and nothing was committed.
  Remedy remedy = Remedy::kNone;
};

// The transaction over one connection in libpq's pipeline mode. Statements are kept here until a
// flush or a start, so that everything leaves in one send: preparations that the connection lacks,
// the scope, the statements, Sync.
//
// Never BEGIN or COMMIT: all before one Sync is one implicit transaction, and the scope's settings
// end with it.
class PipelineTransaction final : public Transaction {
 public:
  PipelineTransaction(Connection& connection, const Scope& scope);

  // Commits when `body` is OK, else rolls back. Once, and nothing but results after it.
  Verdict Finish(const absl::Status& body);

  void Start() override;

  using Transaction::RunCommitHooks;

 protected:
  size_t Queue(const Statement& statement, std::vector<Param> params) override;
  size_t Queue(ComposedQuery query) override;
  absl::Status Flush() override;
  absl::StatusOr<Result> ResultAt(size_t index) override;

 private:
  // An answer that the server owes.
  struct Expected {
    enum class Kind { kStatement, kPrepare, kOther, kSync } kind;
    std::string name;
    std::optional<size_t> index;
    bool answered = false;
  };

  // Sending. False: the connection is lost.
  void SendQueued();
  void SendScope();
  void Send(const Queued& queued);
  void SendPlain(const char* sql);
  void SendSync();

  // Reads every answer that is owed.
  void ReadAll();
  bool AwaitAnswer();
  void TakeAnswer(PGresult* answer);
  void EndOfAnswer();
  void Fail(const PGresult* answer, const Expected& expected);
  void Lose();

  void RollBack();
  Verdict LostVerdict() const;

  Connection& connection_;
  PGconn* const handle_;
  const Scope scope_;

  std::vector<Queued> queued_;
  std::deque<Expected> expected_;
  std::vector<std::shared_ptr<const PGresult>> results_;
  // The first failure; what follows it in the pipeline was not run.
  std::optional<SqlError> error_;
  bool composed_ = false;
  bool entered_ = false;
  bool wrote_ = false;
  bool write_sent_ = false;
  bool sync_sent_ = false;
  bool lost_ = false;
  bool timed_out_ = false;
  // The server said that it did not commit.
  bool surely_rolled_back_ = false;
};

}  // namespace kasbah::postgres::internal
