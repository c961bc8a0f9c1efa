#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/tour/world.h"

namespace kasbah::cli {

struct BurstReport {
  // Of every acknowledged write.
  std::vector<std::string> record_ids;
  // Calls that failed and were repeated with their request id.
  int repeated = 0;
};

// Writes `size` readings from several threads at once. Each write is repeated, with the request id
// it had, until it is acknowledged. `at_half` runs once while about half are acknowledged and the
// rest is under way.
absl::StatusOr<BurstReport> WriteBurst(World& world, int size,
                                       const std::function<absl::Status()>& at_half);

}  // namespace kasbah::cli
