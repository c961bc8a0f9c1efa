#pragma once

#include <vector>

#include "absl/status/status.h"
#include "libs/base/call_context.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/rpc/blind_indexer.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// Seals what records bring before they are kept, and indexes what of it can be searched: one call
// to the vault for each, at the same time, whatever the number of records; none when there is
// nothing. Thread safe.
class RecordSealer {
 public:
  RecordSealer(FieldSealer& sealer, BlindIndexer& indexer) : sealer_(sealer), indexer_(indexer) {}

  // Fills in `sealed` and `blind` of each. Fails as a whole.
  absl::Status Seal(const CallContext& call, const RuleTable& rules,
                    const std::vector<NewRecord*>& records);

 private:
  FieldSealer& sealer_;
  BlindIndexer& indexer_;
};

}  // namespace kasbah::tenantdata
