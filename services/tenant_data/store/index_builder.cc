#include "services/tenant_data/store/index_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/paired_index.h"
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

// None where the record has no value in the field, or one that is left from a time when the field
// was another, and gone with the record's next change.
std::optional<IndexKey> KeyOf(const FieldRule& rule, const google::protobuf::Struct& data) {
  const auto found = data.fields().find(rule.definition.key);
  if (found == data.fields().end()) return std::nullopt;
  std::vector<Fault> faults;
  std::optional<TypedValue> typed = CheckValue(rule, found->second, &faults);
  return typed ? std::make_optional(std::move(typed->key)) : std::nullopt;
}

// The values of a field that records have, in the order in which two transactions may take them.
absl::StatusOr<std::vector<BuiltValue>> ValuesOf(const FieldRule& rule,
                                                 const std::vector<ScannedRecord>& records) {
  std::vector<BuiltValue> values;
  for (const ScannedRecord& record : records) {
    ASSIGN_OR_RETURN(const google::protobuf::Struct data, ParseFlatObject(record.data));
    std::optional<IndexKey> key = KeyOf(rule, data);
    if (!key) continue;
    std::string unique = UniqueBytes(*key);
    values.push_back({record.id, record.customer, *std::move(key), std::move(unique)});
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const BuiltValue& a, const BuiltValue& b) { return a.unique < b.unique; });
  return values;
}

absl::StatusOr<std::vector<PairedValue>> PairsOf(const PairRule& pair,
                                                 const std::vector<ScannedRecord>& records) {
  std::vector<PairedValue> values;
  for (const ScannedRecord& record : records) {
    ASSIGN_OR_RETURN(const google::protobuf::Struct data, ParseFlatObject(record.data));
    const std::optional<IndexKey> value = KeyOf(*pair.field, data);
    std::optional<IndexKey> order = KeyOf(*pair.order, data);
    if (!value || !order) continue;
    values.push_back(
        {record.id, record.customer, {pair.id, {PlaceOf(pair.id, *value), *std::move(order)}}});
  }
  return values;
}

std::vector<RecordId> IdsOf(const std::vector<ScannedRecord>& records) {
  std::vector<RecordId> ids;
  for (const ScannedRecord& record : records) ids.push_back(record.id);
  return ids;
}

// What an id that is due stands for. Without a rule or a pair it is nothing that is wanted any
// more; what stands in record_index of a pair that was given up is forgotten.
struct Built {
  static Built Of(const RuleTable& rules, FieldId id) {
    for (const PairRule& pair : rules.pairs()) {
      if (pair.id != id) continue;
      return {nullptr, &pair, {pair.field->definition.key, pair.order->definition.key}};
    }
    const FieldRule* rule = rules.Find(id);
    if (rule == nullptr || !(rule->definition.indexed || rule->definition.unique)) return {};
    return {rule, nullptr, {rule->definition.key}};
  }

  const FieldRule* rule = nullptr;
  const PairRule* pair = nullptr;
  std::vector<std::string> keys;
};

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
  const Built built = Built::Of(rules, field);
  if (built.rule == nullptr && !IsPair(field)) {
    builds_.Advance(tx, call, field, *after, {}, now, /*is_last=*/true);
    return Page::kLast;
  }
  ASSIGN_OR_RETURN(const ScannedPage page,
                   builds_
                       .Records(tx, call, rules.collection_id(), *after, built.keys, page_size_,
                                IndexBuildStore::Scan::kForBuild)
                       .Await());
  if (page.records.empty()) {
    builds_.Advance(tx, call, field, *after, {}, now, page.is_last);
    return Page::kLast;
  }
  std::vector<RecordId> conflicts;
  if (built.rule != nullptr) {
    ASSIGN_OR_RETURN(conflicts, BuildField(tx, call, *built.rule, page.records));
  } else {
    builds_.ForgetPairs(tx, call, field, IdsOf(page.records));
  }
  if (built.pair != nullptr) {
    ASSIGN_OR_RETURN(const std::vector<PairedValue> values, PairsOf(*built.pair, page.records));
    values_.InsertPairs(tx, call, values);
  }
  builds_.Advance(tx, call, field, page.records.back().id, conflicts, now, page.is_last);
  return page.is_last ? Page::kLast : Page::kMore;
}

absl::StatusOr<std::vector<RecordId>> IndexBuilder::BuildField(
    Transaction& tx, const CallContext& call, const FieldRule& rule,
    const std::vector<ScannedRecord>& records) {
  const FieldDefinition& field = rule.definition;
  ASSIGN_OR_RETURN(const std::vector<BuiltValue> values, ValuesOf(rule, records));
  const std::vector<RecordId> ids = IdsOf(records);
  if (field.indexed) builds_.Replace(tx, call, field.id, ids, values);
  std::vector<RecordId> conflicts;
  if (!field.unique) return conflicts;
  ASSIGN_OR_RETURN(const postgres::Result free,
                   builds_.ReplaceUnique(tx, call, field.id, ids, values).Await());
  absl::flat_hash_set<RecordId> won;
  for (const postgres::Row& row : free) won.insert(row.Get<RecordId>(0));
  for (const BuiltValue& value : values) {
    if (!won.contains(value.record)) conflicts.push_back(value.record);
  }
  return conflicts;
}

}  // namespace kasbah::tenantdata
