#include "services/tenant_data/rpc/import_errors.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

constexpr uint64_t kMaxRefused = 10'000;

}  // namespace

absl::Status ImportChanged() {
  return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_CHANGED",
               "this is not the file that the import was begun with");
}

absl::Status ImportIncomplete() {
  return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_INCOMPLETE",
               "the stream ended without `last`; begin it again with the same import_id");
}

absl::Status ImportElsewhere() {
  return WithRetryDelay(Error(absl::StatusCode::kAborted, kImportElsewhere,
                              "another stream goes on with this import"),
                        absl::Seconds(1));
}

absl::Status ImportIdReused() {
  return Error(absl::StatusCode::kAlreadyExists, "IMPORT_ID_REUSED",
               "this import_id is another import's");
}

bool HasTooManyRefused(const ImportState& import) {
  return !import.is_done && import.refused >= kMaxRefused;
}

absl::Status TooManyRefused(const ImportState& import) {
  return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_TOO_MANY_REFUSED",
               StrCat(import.refused, " of the first ", import.line,
                      " lines were refused, which ends the import; the others are in. What was put "
                      "right and what comes after goes in as another import"));
}

}  // namespace kasbah::tenantdata
