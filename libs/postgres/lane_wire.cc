// What a lane sends, and how it reads what the server owes for it.
#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/postgres/lane.h"

namespace kasbah::postgres::internal {
namespace {

// A server that says nothing for so long is taken for lost. Callers' own deadlines are shorter; a
// lane does not end for one of them.
constexpr absl::Duration kLongestSilence = absl::Seconds(10);
constexpr int kBinary = 1;
const Queued kBegin{{"lane.begin", "BEGIN"}, {}, std::nullopt};
const Queued kCommit{{"lane.commit", "COMMIT"}, {}, std::nullopt};

}  // namespace

void Lane::Send(Batch* batch) {
  const absl::Time now = absl::Now();
  std::erase_if(*batch, [&](const std::unique_ptr<SharedTransaction>& transaction) {
    absl::Status status = transaction->Check(now);
    if (status.ok()) return false;
    transaction->Finish(std::move(status));
    return true;
  });
  own_failed_ = flushed_ = false;
  if (std::exchange(stale_plans_, false)) connection_->ForgetPrepared();
  if (connection_->TakeDeallocate()) SendOwn({"DEALLOCATE ALL"});
  bool writes = false;
  for (const auto& transaction : *batch) {
    SendOne(transaction.get());
    writes = writes || transaction->writes();
  }
  if (writes) {
    SendFlush();
  } else {
    SendOwn({});
  }
  // What is left goes while answers are awaited.
  if (!lost_) PQflush(connection_->handle());
}

void Lane::SendOne(SharedTransaction* transaction) {
  const auto send = [&](const Queued& queued, Expected::Kind kind) {
    if (lost_) return;
    const std::string_view name = queued.statement.name;
    const Sent sent = SendStatement(*connection_, queued);
    if (sent.prepare) {
      Expect(true, {Expected::Kind::kPrepare, sent.name, std::nullopt, transaction});
    }
    Expect(sent.statement, {kind, name, queued.index, transaction});
  };
  send(kBegin, Expected::Kind::kStatement);
  if (const auto enter = EnterStatement(transaction->scope())) {
    send(*enter, Expected::Kind::kStatement);
  }
  for (const Queued& queued : transaction->queued()) send(queued, Expected::Kind::kStatement);
  if (!lost_) transaction->MarkSent();
  send(kCommit, Expected::Kind::kCommit);
}

// Only a transaction that wrote to the log itself flushes it, which a message does.
void Lane::SendFlush() {
  SendOwn(
      {"SET LOCAL synchronous_commit = on", "SELECT pg_logical_emit_message(true, 'kasbah', '')"},
      Expected::Kind::kFlushed);
}

void Lane::SendOwn(std::initializer_list<const char*> statements, Expected::Kind sync) {
  for (const char* sql : statements) {
    if (lost_) return;
    Expect(PQsendQueryParams(connection_->handle(), sql, 0, nullptr, nullptr, nullptr, nullptr,
                             kBinary) == 1,
           {Expected::Kind::kStatement, "", std::nullopt, nullptr});
  }
  if (lost_) return;
  Expect(PQpipelineSync(connection_->handle()) == 1, {sync, "", std::nullopt, nullptr});
}

void Lane::Expect(bool sent, Expected expected) {
  if (sent) {
    expected_.push_back(std::move(expected));
  } else {
    lost_ = true;
  }
}

void Lane::Read() {
  while (!lost_ && !expected_.empty()) {
    if (!AwaitAnswer()) {
      lost_ = true;
    } else if (PGresult* answer = PQgetResult(connection_->handle())) {
      TakeAnswer(answer);
    } else {
      EndOfAnswer();
    }
  }
}

void Lane::Settle(const Batch& batch) {
  if (!std::exchange(broken_off_, false) || lost_) return;
  own_failed_ = flushed_ = false;
  if (PQtransactionStatus(connection_->handle()) == PQTRANS_INERROR) SendOwn({"ROLLBACK"});
  const auto wrote = [](const auto& transaction) {
    return transaction->committed() && transaction->writes();
  };
  if (std::any_of(batch.begin(), batch.end(), wrote)) SendFlush();
  Read();
}

bool Lane::AwaitAnswer() {
  PGconn* const handle = connection_->handle();
  // Most answers have come with the one before.
  std::optional<absl::Time> deadline;
  for (;;) {
    const int unsent = PQflush(handle);
    if (PQisBusy(handle) == 0 || PQstatus(handle) == CONNECTION_BAD) return true;
    if (!deadline.has_value()) deadline = absl::Now() + kLongestSilence;
    if (!connection_->Wait(unsent == 1, *deadline)) return false;
    if (PQconsumeInput(handle) != 1) return true;
  }
}

void Lane::TakeAnswer(PGresult* answer) {
  std::unique_ptr<PGresult, void (*)(PGresult*)> result(answer, PQclear);
  Expected& expected = expected_.front();
  expected.answered = true;
  switch (PQresultStatus(answer)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      if (expected.index.has_value()) {
        expected.transaction->TakeResult(*expected.index, std::move(result));
      } else if (expected.kind == Expected::Kind::kCommit) {
        TakeCommit(answer, expected);
      }
      return;
    case PGRES_PIPELINE_SYNC:
      return TakeSync();
    case PGRES_PIPELINE_ABORTED:
      return PassOver(expected);
    default:
      return Fail(answer, expected);
  }
}

// COMMIT of a transaction that has failed is answered, with another word.
void Lane::TakeCommit(PGresult* answer, const Expected& expected) {
  if (std::string_view(PQcmdStatus(answer)) == "COMMIT") {
    expected.transaction->Complete();
  } else {
    lost_ = true;
  }
}

void Lane::PassOver(const Expected& expected) {
  broken_off_ = true;
  if (expected.kind == Expected::Kind::kPrepare) connection_->DropPrepared(expected.name);
  if (expected.transaction == nullptr) {
    own_failed_ = true;
  } else {
    expected.transaction->PassOver();
  }
}

void Lane::TakeSync() {
  const Expected expected = std::move(expected_.front());
  expected_.pop_front();
  if (expected.kind == Expected::Kind::kFlushed) {
    flushed_ = !own_failed_;
  } else {
    lost_ = lost_ || expected.kind != Expected::Kind::kSync;
  }
}

void Lane::Fail(const PGresult* answer, const Expected& expected) {
  if (expected.kind == Expected::Kind::kPrepare) connection_->DropPrepared(expected.name);
  SqlError error = ToSqlError(answer, expected.name);
  const bool ends_connection = error.remedy == Remedy::kReconnect;
  broken_off_ = true;
  lost_ = lost_ || ends_connection;
  stale_plans_ = stale_plans_ || error.remedy == Remedy::kPrepareAgain;
  if (expected.transaction == nullptr) {
    own_failed_ = true;
    return;
  }
  // An error in place of a statement's result, or of a commit's by anything but the end of the
  // connection, means that nothing was committed.
  const bool rolled_back =
      !error.sqlstate.empty() && (expected.kind != Expected::Kind::kCommit || !ends_connection);
  expected.transaction->Fail(std::move(error), rolled_back);
}

void Lane::EndOfAnswer() {
  Expected& expected = expected_.front();
  if (!expected.answered || PQstatus(connection_->handle()) == CONNECTION_BAD) {
    lost_ = true;
    return;
  }
  if (expected.kind == Expected::Kind::kSync || expected.kind == Expected::Kind::kFlushed) {
    // The commit failed, and said so; ready again comes next.
    expected.answered = false;
    return;
  }
  expected_.pop_front();
}

}  // namespace kasbah::postgres::internal
