#include "services/tenant_data/store/index_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

constexpr int64_t kDueAtOnce = 100;
constexpr absl::Duration kPageDeadline = absl::Seconds(30);

// The values of a field that records have, in the order in which two transactions may take them.
absl::StatusOr<std::vector<BuiltValue>> ValuesOf(const FieldRule& rule,
                                                 const std::vector<ScannedRecord>& records) {
  std::vector<BuiltValue> values;
  for (const ScannedRecord& record : records) {
    ASSIGN_OR_RETURN(const google::protobuf::Struct data, ParseFlatObject(record.data));
    const auto found = data.fields().find(rule.definition.key);
    if (found == data.fields().end()) continue;
    std::vector<Fault> faults;
    std::optional<TypedValue> typed = CheckValue(rule, found->second, &faults);
    // Left from a time when the field was another, and gone with the record's next change.
    if (!typed) continue;
    std::string unique = UniqueBytes(typed->key);
    values.push_back({record.id, record.customer, std::move(typed->key), std::move(unique)});
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const BuiltValue& a, const BuiltValue& b) { return a.unique < b.unique; });
  return values;
}

std::vector<RecordId> IdsOf(const std::vector<ScannedRecord>& records) {
  std::vector<RecordId> ids;
  for (const ScannedRecord& record : records) ids.push_back(record.id);
  return ids;
}

}  // namespace

absl::StatusOr<int64_t> IndexBuilder::RunOnce(int64_t max_pages) {
  ASSIGN_OR_RETURN(const std::vector<DueBuild> due,
                   upkeep_.Run(clock_.Now() + kPageDeadline,
                               [&](Transaction& tx) { return builds_.ListDue(tx, kDueAtOnce); }));
  int64_t pages = 0;
  absl::Status failure;
  for (const DueBuild& build : due) {
    bool finished = false;
    while (!finished && pages < max_pages) {
      const absl::StatusOr<bool> last = BuildPage(build);
      // Another definition was made meanwhile: it is read with the next round.
      if (ReasonOf(last.status()) == kDefinitionChanged) break;
      if (last.status().code() == absl::StatusCode::kPermissionDenied) break;
      if (!last.ok()) failure.Update(last.status());
      finished = !last.ok() || *last;
      ++pages;
    }
  }
  if (!failure.ok()) return failure;
  return pages;
}

absl::StatusOr<bool> IndexBuilder::BuildPage(const DueBuild& due) {
  const CallContext call =
      CallContext::ForBackground("service/tenant-data", due.tenant, clock_.Now() + kPageDeadline);
  ASSIGN_OR_RETURN(CollectionDefinition definition,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     return collections_.Get(tx, call, due.collection.ToString());
                   }));
  ASSIGN_OR_RETURN(const auto rules, RuleTable::Compile(std::move(definition)));
  return database_.WithTenantUnaudited(
      call, postgres::UnauditedToken::ForBookkeeping(),
      [&](Transaction& tx) { return BuildPageIn(tx, call, *rules, due.field); });
}

absl::StatusOr<bool> IndexBuilder::BuildPageIn(Transaction& tx, const CallContext& call,
                                               const RuleTable& rules, FieldId field) {
  ASSIGN_OR_RETURN(const std::optional<RecordId> after, builds_.Claim(tx, call, field).Await());
  if (!after) return true;
  const FieldRule* rule = rules.Find(field);
  if (rule == nullptr || !(rule->definition.indexed || rule->definition.unique)) {
    // Not wanted any more.
    builds_.Advance(tx, call, field, *after, {}, clock_.Now());
    return true;
  }
  collections_.WriteUnder(tx, call, rules.collection_id(), rules.schema_version());
  ASSIGN_OR_RETURN(const ScannedPage page,
                   builds_
                       .Records(tx, call, rules.collection_id(), *after, {rule->definition.key},
                                page_size_, IndexBuildStore::Scan::kForBuild)
                       .Await());
  const std::vector<ScannedRecord>& records = page.records;
  const auto finished = page.is_last ? std::make_optional(clock_.Now()) : std::nullopt;
  if (records.empty()) {
    builds_.Advance(tx, call, field, *after, {}, finished);
    return true;
  }
  ASSIGN_OR_RETURN(const std::vector<BuiltValue> values, ValuesOf(*rule, records));
  const std::vector<RecordId> ids = IdsOf(records);
  if (rule->definition.indexed) builds_.Replace(tx, call, field, ids, values);
  std::vector<RecordId> conflicts;
  if (rule->definition.unique) {
    ASSIGN_OR_RETURN(const postgres::Result free,
                     builds_.ReplaceUnique(tx, call, field, ids, values).Await());
    absl::flat_hash_set<RecordId> won;
    for (const postgres::Row& row : free) won.insert(row.Get<RecordId>(0));
    for (const BuiltValue& value : values) {
      if (!won.contains(value.record)) conflicts.push_back(value.record);
    }
  }
  builds_.Advance(tx, call, field, records.back().id, conflicts, finished);
  return page.is_last;
}

}  // namespace kasbah::tenantdata
