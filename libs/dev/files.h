#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kasbah::dev {

// A file of a development installation. Errors name the path, what the system said and, for a full
// disk or missing rights, what to do.

// Replaces the file at once: a reader sees the old or the new one, and a crash leaves no half.
absl::Status WriteFile(const std::string& path, std::string_view contents, mode_t mode);

absl::StatusOr<std::string> ReadFile(const std::string& path);

bool FileExists(const std::string& path);

// With its parents, which get 0755. An existing directory gets `mode`.
absl::Status MakeDirectory(const std::string& path, mode_t mode);

// "cannot write /a/b: No space left on device (free some and start again)".
absl::Status FileError(std::string_view what, const std::string& path, int error);

}  // namespace kasbah::dev
