#include "libs/postgres/conninfo.h"

#include <libpq-fe.h>

#include <memory>

#include "libs/base/strings.h"

namespace kasbah::postgres::internal {

absl::StatusOr<Conninfo> ParseConninfo(const std::string& dsn) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), &message), &PQconninfoFree);
  if (message != nullptr) PQfreemem(message);
  if (parsed == nullptr) {
    return absl::FailedPreconditionError("database dsn: not a PostgreSQL connection string");
  }
  Conninfo conninfo;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) conninfo[option->keyword] = option->val;
  }
  return conninfo;
}

std::string FormatConninfo(const Conninfo& conninfo) {
  std::string dsn;
  for (const auto& [keyword, value] : conninfo) {
    StrAppend(&dsn, dsn.empty() ? "" : " ", keyword, "='");
    for (const char c : value) {
      if (c == '\'' || c == '\\') dsn.push_back('\\');
      dsn.push_back(c);
    }
    dsn.push_back('\'');
  }
  return dsn;
}

}  // namespace kasbah::postgres::internal
