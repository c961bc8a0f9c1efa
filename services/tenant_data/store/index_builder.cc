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
// Pages of a build before the next one's turn.
constexpr int kPagesInARow = 20;
// How long a build that could not go on waits.
constexpr absl::Duration kPutOff = absl::Minutes(1);
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
  int64_t tries = 0;
  absl::Status failure;
  bool went_on = true;
  while (went_on && tries < max_pages) {
    ASSIGN_OR_RETURN(const std::vector<DueBuild> due,
                     upkeep_.Run(clock_.Now() + kPageDeadline, [&](Transaction& tx) {
                       return builds_.ListDue(tx, clock_.Now(), kDueAtOnce);
                     }));
    went_on = false;
    for (const DueBuild& build : due) {
      for (int i = 0; i < kPagesInARow && tries < max_pages; ++i) {
        const absl::StatusOr<Page> page = BuildPage(build);
        if (page.ok() && *page == Page::kNotOurs) break;
        went_on = true;
        ++tries;
        if (!page.ok()) failure.Update(TurnedBack(build, page.status()));
        if (!page.ok() || *page == Page::kLast) break;
      }
    }
  }
  if (!failure.ok()) return failure;
  return tries;
}

absl::Status IndexBuilder::TurnedBack(const DueBuild& due, const absl::Status& why) {
  const absl::Status put_off = PutOff(due);
  // Suspended meanwhile: it is not listed any more.
  if (why.code() == absl::StatusCode::kPermissionDenied) return absl::OkStatus();
  RETURN_IF_ERROR(put_off);
  // Another definition was made meanwhile: it is read at the next turn.
  return ReasonOf(why) == kDefinitionChanged ? absl::OkStatus() : why;
}

absl::Status IndexBuilder::PutOff(const DueBuild& due) {
  const absl::Time now = clock_.Now();
  const CallContext call =
      CallContext::ForBackground("service/tenant-data", due.tenant, now + kPageDeadline);
  return database_.WithTenantUnaudited(call, postgres::UnauditedToken::ForBookkeeping(),
                                       [&](Transaction& tx) {
                                         builds_.PutOff(tx, call, due.field, now + kPutOff);
                                         return absl::OkStatus();
                                       });
}

absl::StatusOr<IndexBuilder::Page> IndexBuilder::BuildPage(const DueBuild& due) {
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

absl::StatusOr<IndexBuilder::Page> IndexBuilder::BuildPageIn(Transaction& tx,
                                                             const CallContext& call,
                                                             const RuleTable& rules,
                                                             FieldId field) {
  // First, as who changes a definition holds it before it begins builds.
  collections_.WriteUnder(tx, call, rules.collection_id(), rules.schema_version());
  ASSIGN_OR_RETURN(const std::optional<RecordId> after, builds_.Claim(tx, call, field).Await());
  if (!after) return Page::kNotOurs;
  const absl::Time now = clock_.Now();
  const FieldRule* rule = rules.Find(field);
  if (rule == nullptr || !(rule->definition.indexed || rule->definition.unique)) {
    // Not wanted any more.
    builds_.Advance(tx, call, field, *after, {}, now, /*is_last=*/true);
    return Page::kLast;
  }
  ASSIGN_OR_RETURN(const ScannedPage page,
                   builds_
                       .Records(tx, call, rules.collection_id(), *after, {rule->definition.key},
                                page_size_, IndexBuildStore::Scan::kForBuild)
                       .Await());
  const std::vector<ScannedRecord>& records = page.records;
  const bool last = page.is_last;
  if (records.empty()) {
    builds_.Advance(tx, call, field, *after, {}, now, last);
    return Page::kLast;
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
  builds_.Advance(tx, call, field, records.back().id, conflicts, now, last);
  return last ? Page::kLast : Page::kMore;
}

}  // namespace kasbah::tenantdata
