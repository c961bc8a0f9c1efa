#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/index_build_store.h"
#include "services/tenant_data/store/value_store.h"

namespace kasbah::tenantdata {

// Builds the indexes and unique values of fields that got them after there were records, and those
// of two fields (domain/paired_index.h), of which it forgets what was given up. Each page of
// records is one transaction with the note of how far it came, so whoever is stopped in between
// goes on there, and two replicas take turns. So do tenants: a build that cannot go on, or went on
// for some pages, lets the others pass. While records of a page are read they are held; what is
// written beside the build is indexed by its writer. Thread safe.
class IndexBuilder {
 public:
  IndexBuilder(postgres::Database& database, postgres::Door& upkeep, const Clock& clock,
               int64_t page_size = 500)
      : database_(database), upkeep_(upkeep), clock_(clock), page_size_(page_size) {}

  // Builds what is due, of all active tenants, until nothing is; tries at most `max_pages`. How
  // many it tried. A tenant that is suspended, and a collection that is deleted, wait.
  absl::StatusOr<int64_t> RunOnce(int64_t max_pages = 1000);

 private:
  enum class Page { kNotOurs, kMore, kLast };
  absl::StatusOr<Page> BuildPage(const DueBuild& due);
  absl::StatusOr<Page> BuildPageIn(postgres::Transaction& tx, const CallContext& call,
                                   const RuleTable& rules, FieldId field);
  // The records whose value another has where it is to be unique.
  absl::StatusOr<std::vector<RecordId>> BuildField(postgres::Transaction& tx,
                                                   const CallContext& call, const FieldRule& rule,
                                                   const std::vector<ScannedRecord>& records);
  absl::Status PutOff(const DueBuild& due);
  // What is to be said of it, after it is put off.
  absl::Status TurnedBack(const DueBuild& due, const absl::Status& why);

  postgres::Database& database_;
  postgres::Door& upkeep_;
  const Clock& clock_;
  const int64_t page_size_;
  CollectionStore collections_;
  IndexBuildStore builds_;
  ValueStore values_;
};

}  // namespace kasbah::tenantdata
