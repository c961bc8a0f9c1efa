#pragma once

#include <exception>
#include <string_view>

#include "absl/status/status.h"

namespace kasbah::postgres::internal {

// What stopped a tool of the operator's (bootstrap, migrate): `doing` and the first line of the
// server's message, which names objects of our schemas and no rows. UNAVAILABLE,
// DATABASE_UNAVAILABLE, for a server that cannot be reached.
absl::Status ToolError(std::string_view doing, const std::exception& error);

}  // namespace kasbah::postgres::internal
