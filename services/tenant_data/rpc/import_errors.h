#pragma once

#include "absl/status/status.h"
#include "services/tenant_data/store/import_store.h"

namespace kasbah::tenantdata {

// How a stream of an import can end.

// FAILED_PRECONDITION, IMPORT_CHANGED.
absl::Status ImportChanged();
// FAILED_PRECONDITION, IMPORT_INCOMPLETE.
absl::Status ImportIncomplete();
// ABORTED, IMPORT_ELSEWHERE.
absl::Status ImportElsewhere();
// ALREADY_EXISTS, IMPORT_ID_REUSED.
absl::Status ImportIdReused();

// Whether so many lines were refused that the import is over. Each is kept for as long as its id
// is.
bool HasTooManyRefused(const ImportState& import);
// FAILED_PRECONDITION, IMPORT_TOO_MANY_REFUSED.
absl::Status TooManyRefused(const ImportState& import);

}  // namespace kasbah::tenantdata
