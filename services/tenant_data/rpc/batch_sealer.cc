#include "services/tenant_data/rpc/batch_sealer.h"

#include <set>
#include <string>

#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {

absl::StatusOr<std::vector<bool>> SealBatch(const CallContext& call, const RuleTable& rules,
                                            RecordBatchWriter& batches, RecordSealer& sealer,
                                            std::vector<NewRecord>* records) {
  ASSIGN_OR_RETURN(const std::set<std::string> erased, batches.FindErased(call, *records));
  std::vector<bool> goes_in(records->size());
  std::vector<NewRecord*> to_seal;
  for (size_t i = 0; i < records->size(); ++i) {
    goes_in[i] = !erased.contains((*records)[i].subject);
    if (goes_in[i]) to_seal.push_back(&(*records)[i]);
  }
  ASSIGN_OR_RETURN(const std::vector<bool> sealed, sealer.SealMost(call, rules, to_seal));
  size_t next = 0;
  for (size_t i = 0; i < records->size(); ++i) {
    if (goes_in[i]) goes_in[i] = sealed[next++];
  }
  return goes_in;
}

}  // namespace kasbah::tenantdata
