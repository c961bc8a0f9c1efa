#include "libs/postgres/tool_error.h"

#include <string>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include <pqxx/pqxx>

namespace kasbah::postgres::internal {

absl::Status ToolError(std::string_view doing, const std::exception& error) {
  std::string line = error.what();
  line = line.substr(0, line.find('\n'));
  const std::string message = StrCat(doing, ": ", line);
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr) {
    return Error(absl::StatusCode::kUnavailable, reason::kDatabaseUnavailable, message);
  }
  return absl::FailedPreconditionError(message);
}

}  // namespace kasbah::postgres::internal
