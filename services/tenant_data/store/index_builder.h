#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/index_build_store.h"

namespace kasbah::tenantdata {

// Builds the indexes and unique values of fields that got them after there were records. Each page
// of records is one transaction with the note of how far it came, so whoever is stopped in between
// goes on there, and two replicas take turns. While records of a page are read they are held; what
// is written beside the build is indexed by its writer. Thread safe.
class IndexBuilder {
 public:
  IndexBuilder(postgres::Database& database, postgres::Door& upkeep, const Clock& clock,
               int64_t page_size = 500)
      : database_(database), upkeep_(upkeep), clock_(clock), page_size_(page_size) {}

  // Builds what is due, of all tenants, until nothing is; at most `max_pages`. How many it did.
  // A tenant that is suspended waits.
  absl::StatusOr<int64_t> RunOnce(int64_t max_pages = 1000);

 private:
  // Whether the page was the last.
  absl::StatusOr<bool> BuildPage(const DueBuild& due);
  absl::StatusOr<bool> BuildPageIn(postgres::Transaction& tx, const CallContext& call,
                                   const RuleTable& rules, FieldId field);

  postgres::Database& database_;
  postgres::Door& upkeep_;
  const Clock& clock_;
  const int64_t page_size_;
  CollectionStore collections_;
  IndexBuildStore builds_;
};

}  // namespace kasbah::tenantdata
