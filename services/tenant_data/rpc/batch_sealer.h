#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/rpc/record_sealer.h"
#include "services/tenant_data/store/record_batch_writer.h"

namespace kasbah::tenantdata {

// Seals the records of a batch as CreateRecord does its one, each for its own subject: for each,
// whether it can go in. One of somebody who was erased cannot, here or in the vault, sealed values
// or not, and stands in nobody else's way.
absl::StatusOr<std::vector<bool>> SealBatch(const CallContext& call, const RuleTable& rules,
                                            RecordBatchWriter& batches, RecordSealer& sealer,
                                            std::vector<NewRecord>* records);

}  // namespace kasbah::tenantdata
