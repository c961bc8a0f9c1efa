#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kasbah::postgres::internal {

// What the runner does about a failed statement.
enum class Remedy {
  kNone,
  // 40001, 40P01: the same again may succeed.
  kRunAgain,
  // 0A000, 26000: the plan is older than its tables, or gone.
  kPrepareAgain,
  // 57P0x, 08xxx, 25P03: this connection ends; nothing was committed.
  kReconnect,
};

struct SqlError {
  absl::Status status;
  Remedy remedy = Remedy::kNone;
  // Empty: no word from the server, the connection broke.
  std::string sqlstate;
};

// Of a result that is an error. `statement` is its name, for the log; nothing of the SQL, its
// parameters or the server's message goes anywhere.
SqlError ToSqlError(const PGresult* result, std::string_view statement);

// UNAVAILABLE, DATABASE_UNAVAILABLE, with a time to wait.
absl::Status DatabaseUnavailable();
// UNKNOWN, COMMIT_UNKNOWN.
absl::Status CommitUnknown();
// DEADLINE_EXCEEDED, DEADLINE_EXCEEDED.
absl::Status DeadlineExceeded();

}  // namespace kasbah::postgres::internal
