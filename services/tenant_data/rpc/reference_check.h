#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "libs/postgres/database.h"
#include "libs/rpc/call.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/store/file_reference_store.h"
#include "services/tenant_data/store/reference_store.h"

namespace kasbah::tenantdata {

// ABORTED: files that the records of a batch name went each time after they were looked for.
absl::Status FilesKeepGoing();

// Completes the validation of values that name records: one round trip where there are any, none
// where there are not. A record that is named can be deleted the moment after, as it can at any
// time later, so nothing is locked. Thread safe.
class ReferenceCheck {
 public:
  explicit ReferenceCheck(postgres::Database& database) : database_(database) {}

  // Adds a violation, with rule REFERENCE, for each reference to a record that is not there. All of
  // `validations` are of records of one owner.
  absl::Status Run(const rpc::Call& call, std::optional<CustomerId> owner,
                   const std::vector<Validation*>& validations);
  // The same for files, of many records at once: the write holds those it names, and fails as a
  // whole (kFileMissing) where one went in between. A write of one record looks for itself.
  absl::Status RunFiles(const rpc::Call& call, std::optional<CustomerId> owner,
                        const std::vector<Validation*>& validations);

 private:
  postgres::Database& database_;
  ReferenceStore references_;
  FileReferenceStore files_;
};

}  // namespace kasbah::tenantdata
