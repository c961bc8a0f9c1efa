#include "services/tenant_data/rpc/reference_check.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {

absl::Status FilesKeepGoing() {
  return WithRetryDelay(Error(absl::StatusCode::kAborted, "CONTENTION",
                              "files that records name keep being deleted; try again"),
                        absl::Milliseconds(100));
}

absl::Status ReferenceCheck::Run(const rpc::Call& call, std::optional<CustomerId> owner,
                                 const std::vector<Validation*>& validations) {
  std::vector<ReferenceEntry> references;
  std::vector<Validation*> of;
  for (Validation* validation : validations) {
    for (const ReferenceEntry& reference : validation->valid.references) {
      references.push_back(reference);
      of.push_back(validation);
    }
  }
  if (references.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<bool> exist,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return references_.Exist(tx, call, owner, references);
                   }));
  for (size_t i = 0; i < references.size(); ++i) {
    if (!exist[i]) of[i]->violations.push_back(MissingReference(references[i].key));
  }
  return absl::OkStatus();
}

absl::Status ReferenceCheck::RunFiles(const rpc::Call& call, std::optional<CustomerId> owner,
                                      const std::vector<Validation*>& validations) {
  std::vector<FileReference> files;
  for (const Validation* validation : validations) {
    for (const FileEntry& entry : validation->valid.files) {
      files.push_back({RecordId(), entry.field, entry.file});
    }
  }
  if (files.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto nameable, database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return files_.Nameable(tx, call, owner, files);
  }));
  for (Validation* validation : validations) {
    for (const FileEntry& entry : validation->valid.files) {
      if (!nameable.contains(entry.file)) validation->violations.push_back(MissingFile(entry.key));
    }
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
