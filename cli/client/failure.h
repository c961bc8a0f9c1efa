#pragma once

#include <string>

#include "absl/status/status.h"

namespace kasbah::cli {

// What a process of the command line ends with.
inline constexpr int kExitOk = 0;
// Wrong arguments, a file that cannot be read, a check that failed: something on this side.
inline constexpr int kExitLocal = 1;
// A service refused, failed or did not answer.
inline constexpr int kExitRemote = 2;

// Marks an error as a service's answer, with what is needed to find the call in its logs.
absl::Status FromService(absl::Status status, const std::string& service,
                         const std::string& request_id);

bool IsRemote(const absl::Status& status);
int ExitCodeOf(const absl::Status& status);

// For people: what happened, each refused field, the reason, the request's id and, where there is
// something to be done, what. Several lines, without one at the end.
std::string Explain(const absl::Status& status);

}  // namespace kasbah::cli
