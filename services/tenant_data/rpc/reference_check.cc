#include "services/tenant_data/rpc/reference_check.h"

#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {

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

}  // namespace kasbah::tenantdata
