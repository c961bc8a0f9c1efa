#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/console/invocation.h"

namespace kasbah::cli {

struct UpOptions {
  std::string directory;
  // Names of more databases for tenants' records.
  std::vector<std::string> shards;
  bool detach = false;
};

// Starts an installation, says where everything is, and stays until it is asked to end.
absl::Status Up(Invocation& run, const UpOptions& options);

// Has another process do that, without this terminal, and returns when everything is ready.
absl::Status UpDetached(Invocation& run, const UpOptions& options);

}  // namespace kasbah::cli
