// How PipelineTransaction reads what the server owes it.
#include <utility>

#include "libs/base/error.h"
#include "libs/postgres/pipeline_transaction.h"

namespace kasbah::postgres::internal {

void PipelineTransaction::ReadAll() {
  while (!lost_ && !expected_.empty()) {
    if (!AwaitAnswer()) {
      timed_out_ = true;
      return Lose();
    }
    if (PGresult* answer = PQgetResult(handle_)) {
      TakeAnswer(answer);
    } else {
      EndOfAnswer();
    }
  }
  if (!lost_ && sync_sent_) connection_.MarkBusy(false);
}

// Until PQgetResult would not block. False at the deadline. The server may answer before it has
// read all: both directions are served at once.
bool PipelineTransaction::AwaitAnswer() {
  for (;;) {
    const int unsent = PQflush(handle_);
    // A connection that broke still holds what the server said last: PQgetResult returns it.
    if (PQisBusy(handle_) == 0 || PQstatus(handle_) == CONNECTION_BAD) return true;
    if (!connection_.Wait(unsent == 1, scope_.deadline)) return false;
    if (PQconsumeInput(handle_) != 1) return true;
  }
}

void PipelineTransaction::TakeAnswer(PGresult* answer) {
  std::shared_ptr<const PGresult> result(
      answer, [](const PGresult* owned) { PQclear(const_cast<PGresult*>(owned)); });
  Expected& expected = expected_.front();
  expected.answered = true;
  switch (PQresultStatus(answer)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      if (expected.index.has_value()) results_[*expected.index] = std::move(result);
      return;
    case PGRES_PIPELINE_SYNC:
      // The one answer that no end follows.
      if (expected.kind != Expected::Kind::kSync) return Lose();
      expected_.pop_front();
      return;
    case PGRES_PIPELINE_ABORTED:
      if (expected.kind == Expected::Kind::kPrepare) connection_.DropPrepared(expected.name);
      return;
    default:
      return Fail(answer, expected);
  }
}

void PipelineTransaction::EndOfAnswer() {
  Expected& expected = expected_.front();
  // Out of step with the server, or the connection is gone.
  if (!expected.answered || PQstatus(handle_) == CONNECTION_BAD) return Lose();
  if (expected.kind == Expected::Kind::kSync) {
    // The commit failed, and said so; ready again comes next.
    expected.answered = false;
    return;
  }
  expected_.pop_front();
}

void PipelineTransaction::Fail(const PGresult* answer, const Expected& expected) {
  if (expected.kind == Expected::Kind::kPrepare) connection_.DropPrepared(expected.name);
  SqlError error = ToSqlError(answer, expected.name);
  // An error in place of a statement's result, or of a commit's by anything but the end of the
  // connection, means that nothing was committed. Without a word from the server nobody knows.
  const bool ends_connection = error.remedy == Remedy::kReconnect;
  if (!error.sqlstate.empty() && (expected.kind != Expected::Kind::kSync || !ends_connection)) {
    surely_rolled_back_ = true;
  }
  if (!error_.has_value()) error_ = std::move(error);
  if (ends_connection) Lose();
}

}  // namespace kasbah::postgres::internal
