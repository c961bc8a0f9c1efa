#include "libs/postgres/transaction.h"

#include "libs/base/error.h"

namespace kasbah::postgres {

absl::Status Transaction::ExpectOne(const Result& result, std::string_view what) {
  if (result.empty()) return NotFound(what);
  if (result.size() > 1) return absl::InternalError("a statement for one row returned several");
  return absl::OkStatus();
}

}  // namespace kasbah::postgres
