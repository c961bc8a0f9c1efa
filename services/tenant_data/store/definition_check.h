#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/definition_change.h"
#include "services/tenant_data/domain/record_check.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/checked_records.h"
#include "services/tenant_data/store/index_build_store.h"

namespace kasbah::tenantdata {

// A collection's records against what a change demands of them: first beside their writers, which
// may take as long as it takes, then once more at those that changed meanwhile, which is short
// enough to have writers wait. Not thread safe.
class DefinitionCheck {
 public:
  static absl::StatusOr<std::unique_ptr<DefinitionCheck>> Create(const IndexBuildStore& builds,
                                                                 const DefinitionChange& change);

  // At all records.
  absl::Status Look(postgres::Transaction& tx, const CallContext& call);
  // At what was committed since the last look began; at all of them where that does not hold to the
  // change, or cannot be told. After a look that found nothing wrong.
  absl::Status LookAgain(postgres::Transaction& tx, const CallContext& call);

  // Of the last look at all of them.
  const RecordCheck& found() const { return *found_; }

 private:
  DefinitionCheck(const IndexBuildStore& builds, const DefinitionChange& change,
                  std::shared_ptr<const RuleTable> rules);

  absl::Status LookAtChanged(postgres::Transaction& tx, const CallContext& call);

  const IndexBuildStore& builds_;
  CheckedRecords changed_;
  const CollectionId collection_;
  const std::shared_ptr<const RuleTable> rules_;
  const std::vector<FieldDemand> demands_;
  std::vector<std::string> keys_;
  int64_t page_ = 0;
  std::unique_ptr<RecordCheck> found_;
  Watermark seen_;
};

}  // namespace kasbah::tenantdata
