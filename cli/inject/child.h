#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::cli {

// Runs a program (looked up in PATH) with our standard streams and our environment, `environment`
// put over it and what we take our own credentials from left out. Signals that are sent to us
// meanwhile are sent on; what the terminal sends reaches it anyway. Its exit code, or 128 and the
// signal's number. FAILED_PRECONDITION when it cannot be run. For a process's one child.
absl::StatusOr<int> RunChild(const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment);

}  // namespace kasbah::cli
