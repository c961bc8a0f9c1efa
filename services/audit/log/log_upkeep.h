#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"

namespace kasbah::audit {

// What the logs need besides being written, by a thread of its own: every few seconds their events
// are counted by day and action; each hour partitions are made for the months to come, and
// applications' events of long ago are no longer known again. Replicas do the same work without
// getting in each other's way.
class LogUpkeep {
 public:
  LogUpkeep(postgres::Door& door, const Clock& clock);
  ~LogUpkeep();

  // One round of each, for tests. Counts logs with at least so many events that are not counted,
  // and whatever there is where appended events have a limit.
  static absl::Status Count(postgres::Door& door, uint64_t least = 1);
  static absl::Status ExtendPartitions(postgres::Door& door);
  static absl::Status ForgetAppended(postgres::Door& door, absl::Time now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::audit
