#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/sealed_values.h"
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

  // Fills in `sealed` and `blind` of each. Fails as a whole; KEY_SHREDDED where one is of somebody
  // who was erased.
  absl::Status Seal(const CallContext& call, const RuleTable& rules,
                    const std::vector<NewRecord*>& records);
  // The same but for records of people whose share is gone, which are left as they are: whether
  // each was sealed.
  absl::StatusOr<std::vector<bool>> SealMost(const CallContext& call, const RuleTable& rules,
                                             const std::vector<NewRecord*>& records);

  // What `record` has sealed as nobody's, sealed anew in the share of `subject`, whose record it
  // becomes. UNAVAILABLE, SEALED_VALUE_UNREADABLE; KEY_SHREDDED.
  absl::StatusOr<SealedValues> Reseal(const CallContext& call, RecordId record,
                                      const SealedValues& sealed, const std::string& subject);

 private:
  FieldSealer& sealer_;
  BlindIndexer& indexer_;
};

}  // namespace kasbah::tenantdata
