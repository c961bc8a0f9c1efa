#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace kasbah::postgres::internal {

// A libpq connection string or URI as its keywords. FAILED_PRECONDITION, quoting nothing of it
// since it may hold a password, when it is neither.
using Conninfo = std::map<std::string, std::string>;
absl::StatusOr<Conninfo> ParseConninfo(const std::string& dsn);
// The keyword form, quoted.
std::string FormatConninfo(const Conninfo& conninfo);

}  // namespace kasbah::postgres::internal
