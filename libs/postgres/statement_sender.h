#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/postgres/connection.h"
#include "libs/postgres/database.h"
#include "libs/postgres/statement.h"
#include "libs/postgres/value.h"

namespace kasbah::postgres::internal {

// For messages: a composed query has its text beside it.
inline constexpr Statement kComposed{"composed", ""};

// A statement on its way to the server.
struct Queued {
  Statement statement;
  std::vector<Param> params;
  // Where the result goes; none for the scope.
  std::optional<size_t> index;
  // Of a composed query; empty for a statement.
  std::string composed = {};
};

// What SendStatement put on the wire, each of which the server owes an answer.
struct Sent {
  bool prepare = false;
  bool statement = false;
  // As what it is prepared, as long as it is.
  std::string_view name;
  // Not OK: the statement itself is wrong, a mistake of ours that is in the log. Neither this nor a
  // connection that is lost (`statement` false) is followed by a Sync.
  absl::Status wrong;
};

// Queues a statement in libpq, behind its preparation where the connection lacks it.
Sent SendStatement(Connection& connection, const Queued& queued);

// The scope's first statement, core.enter or core.enter_any_state; none for a door.
std::optional<Queued> EnterStatement(const Scope& scope);

}  // namespace kasbah::postgres::internal
