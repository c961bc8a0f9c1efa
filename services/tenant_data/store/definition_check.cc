#include "services/tenant_data/store/definition_check.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/sealed_values.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// Records in a page of a check; few where each may be of megabytes, which are read once and no more
// before the page's bytes end it.
constexpr int64_t kPage = 1000;
constexpr int64_t kPageOfLongValues = 20;

bool HoldsLongValues(const RuleTable& rules, const std::vector<FieldDemand>& demands) {
  return std::any_of(demands.begin(), demands.end(), [&](const FieldDemand& demand) {
    const FieldType type = rules.Find(demand.field)->definition.type;
    return type == FieldType::kLongText || type == FieldType::kRichText || type == FieldType::kJson;
  });
}

absl::Status LookAt(const ScannedPage& page, RecordCheck* check) {
  for (const ScannedRecord& record : page.records) {
    ASSIGN_OR_RETURN(const google::protobuf::Struct values, ParseFlatObject(record.data));
    ASSIGN_OR_RETURN(const SealedValues sealed, UnpackSealed(record.sealed));
    absl::flat_hash_set<FieldId> fields;
    for (const auto& [field, ciphertext] : sealed) fields.insert(field);
    check->Look(record.id, values, fields);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<DefinitionCheck>> DefinitionCheck::Create(
    const IndexBuildStore& builds, const DefinitionChange& change) {
  ASSIGN_OR_RETURN(auto rules, RuleTable::Compile(change.next));
  return std::unique_ptr<DefinitionCheck>(new DefinitionCheck(builds, change, std::move(rules)));
}

DefinitionCheck::DefinitionCheck(const IndexBuildStore& builds, const DefinitionChange& change,
                                 std::shared_ptr<const RuleTable> rules)
    : builds_(builds),
      collection_(change.next.id),
      rules_(std::move(rules)),
      demands_(change.demands),
      page_(HoldsLongValues(*rules_, demands_) ? kPageOfLongValues : kPage),
      found_(std::make_unique<RecordCheck>(*rules_, demands_)) {
  for (const FieldDemand& demand : demands_) {
    keys_.push_back(rules_->Find(demand.field)->definition.key);
  }
}

absl::Status DefinitionCheck::Look(Transaction& tx, const CallContext& call) {
  if (demands_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(seen_, changed_.Now(tx).Await());
  found_ = std::make_unique<RecordCheck>(*rules_, demands_);
  RecordId after;
  bool is_last = false;
  while (!is_last) {
    ASSIGN_OR_RETURN(const ScannedPage page, builds_
                                                 .Records(tx, call, collection_, after, keys_,
                                                          page_, IndexBuildStore::Scan::kForCheck)
                                                 .Await());
    RETURN_IF_ERROR(LookAt(page, found_.get()));
    if (!page.records.empty()) after = page.records.back().id;
    is_last = page.is_last;
  }
  return absl::OkStatus();
}

absl::Status DefinitionCheck::LookAgain(Transaction& tx, const CallContext& call) {
  if (demands_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Watermark now, changed_.Now(tx).Await());
  // Moved to another server, or that is another's now: its transactions are counted anew.
  if (now.server != seen_.server) return Look(tx, call);
  RETURN_IF_ERROR(LookAtChanged(tx, call));
  // Or it only seems so: the value of a record that was deleted meanwhile counts as taken still.
  if (found_->breaking() > 0) return Look(tx, call);
  seen_ = std::move(now);
  return absl::OkStatus();
}

absl::Status DefinitionCheck::LookAtChanged(Transaction& tx, const CallContext& call) {
  ASSIGN_OR_RETURN(const std::vector<RecordId> changed,
                   changed_.ChangedSince(tx, call, collection_, seen_).Await());
  found_->Forget({changed.begin(), changed.end()});
  for (size_t begin = 0; begin < changed.size();) {
    const size_t end = std::min(changed.size(), begin + static_cast<size_t>(page_));
    const std::vector<RecordId> some(changed.begin() + static_cast<ptrdiff_t>(begin),
                                     changed.begin() + static_cast<ptrdiff_t>(end));
    RecordId after;
    bool is_last = false;
    while (!is_last) {
      ASSIGN_OR_RETURN(const ScannedPage page,
                       builds_.RecordsOf(tx, call, some, after, keys_).Await());
      RETURN_IF_ERROR(LookAt(page, found_.get()));
      if (!page.records.empty()) after = page.records.back().id;
      is_last = page.is_last;
    }
    begin = end;
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
