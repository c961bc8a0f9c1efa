#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace kasbah {

// All of a file of at most `most` bytes, without the white space around it. INVALID_ARGUMENT with
// "cannot be read" or "is larger than 64 KiB": what is wrong, for whoever knows what the file is.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t most);

}  // namespace kasbah
