#include "services/tenant_data/domain/filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"

namespace kasbah::tenantdata {

absl::StatusOr<std::vector<Condition>> ParseFilter(const RuleTable& rules,
                                                   const google::protobuf::Struct& equals) {
  std::vector<Condition> conditions;
  std::vector<Violation> violations;
  std::vector<Fault> faults;
  for (const FieldRule& field : rules.fields()) {
    const FieldDefinition& definition = field.definition;
    const auto given = equals.fields().find(definition.key);
    if (given == equals.fields().end()) continue;
    const std::string path = absl::StrCat("equals.", definition.key);
    if (!definition.indexed) {
      violations.push_back({path, "is not an indexed field", "UNINDEXED"});
      continue;
    }
    if (definition.index_state == IndexState::kBuilding) {
      violations.push_back({path, "is being indexed; ask again later", "INDEX_BUILDING"});
      continue;
    }
    faults.clear();
    std::optional<TypedValue> typed = CheckValue(field, given->second, &faults);
    for (Fault& fault : faults) {
      violations.push_back({path, std::move(fault.description), std::string(fault.rule)});
    }
    if (typed) conditions.push_back({definition.id, std::move(typed->key)});
  }
  for (const auto& [key, value] : equals.fields()) {
    if (rules.Find(key) != nullptr) continue;
    violations.push_back({IsKey(key) ? absl::StrCat("equals.", key) : "equals",
                          "is no field of the collection", "UNKNOWN_FIELD"});
  }
  if (violations.empty()) return conditions;
  std::sort(violations.begin(), violations.end(),
            [](const Violation& a, const Violation& b) { return a.field < b.field; });
  return InvalidFields(std::move(violations));
}

std::string DescribeList(const RuleTable& rules, const std::vector<Condition>& conditions) {
  std::string text(rules.collection_id().uuid().view());
  for (const Condition& condition : conditions) {
    text.append(condition.field.uuid().view());
    if (condition.key.text) {
      absl::StrAppend(&text, "t", condition.key.text->size(), ":", *condition.key.text);
    } else if (condition.key.integer) {
      absl::StrAppend(&text, "i", *condition.key.integer, ";");
    } else {
      absl::StrAppend(&text, "s", absl::ToUnixMicros(*condition.key.time), ";");
    }
  }
  return text;
}

}  // namespace kasbah::tenantdata
