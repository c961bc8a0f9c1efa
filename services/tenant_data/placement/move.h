#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// The database with the list of tenants, where records are unless something else is said. The name
// is also what its outbox goes by.
inline constexpr std::string_view kHomeShard = "main";

// What a move is at. Up to the switch, which is the end of kCatchUp, it can be cancelled.
enum class MoveStep {
  kPrepare,
  kCopy,
  kCatchUp,
  kFinish,
  kClean,
  kDone,
  kCancelling,
  kCancelled,
  kFailed,
};

// One move of a tenant's records from one database to another, as its row has it.
struct Move {
  MoveId id;
  TenantId tenant;
  std::string source;
  std::string target;
  MoveStep step = MoveStep::kPrepare;
  // Where the copy is: rows up to this key, of this table, and all tables before it.
  std::string at_table;
  std::string at_key;
  // The same of comparing both sides, which comes after it.
  std::string compared_table;
  std::string compared_key;
  bool is_compared = false;
  int64_t copied = 0;
  // Rows whose contents were compared, those that changed since once more.
  int64_t compared = 0;
  int64_t caught_up = 0;
  // How often writers were held up, and how long the last time.
  int64_t attempts = 0;
  absl::Duration held;
  // UPPER_SNAKE: what keeps it, or ended it. Empty: nothing.
  std::string problem;
  absl::Time due;
  absl::Time started;
  std::optional<absl::Time> switched;
  std::optional<absl::Time> finished;
};

}  // namespace kasbah::tenantdata
