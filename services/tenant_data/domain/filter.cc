#include "services/tenant_data/domain/filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "services/tenant_data/domain/filter_value.h"

namespace kasbah::tenantdata {
namespace {

void DescribeKey(const IndexKey& key, std::string* out) {
  if (key.text) {
    absl::StrAppend(out, "t", key.text->size(), ":", *key.text);
  } else if (key.integer) {
    absl::StrAppend(out, "i", *key.integer, ";");
  } else if (key.time) {
    absl::StrAppend(out, "s", absl::ToUnixMicros(*key.time), ";");
  }
}

}  // namespace

IndexColumn ColumnOf(const FieldDefinition& field) {
  if (field.sealed) return IndexColumn::kBlind;
  switch (field.type) {
    case FieldType::kInteger:
    case FieldType::kDecimal:
    case FieldType::kBoolean:
      return IndexColumn::kInteger;
    case FieldType::kTimestamp:
      return IndexColumn::kTime;
    default:
      return IndexColumn::kText;
  }
}

absl::StatusOr<Filter> ParseEquals(const RuleTable& rules, const google::protobuf::Struct& equals) {
  if (equals.fields().size() > static_cast<size_t>(kMaxComparisons)) {
    return InvalidFields({{"equals", "names more than 64 fields", "TOO_COMPLEX"}});
  }
  Filter filter;
  std::vector<Violation> violations;
  for (const FieldRule& field : rules.fields()) {
    const auto given = equals.fields().find(field.definition.key);
    if (given == equals.fields().end()) continue;
    const std::string path = absl::StrCat("equals.", field.definition.key);
    FilterValue value = CompareWith(field, FilterOp::kEquals, given->second);
    for (Violation& fault : value.faults) {
      violations.push_back({path, std::move(fault.description), std::move(fault.rule)});
    }
    Filter& child = filter.children.emplace_back();
    child.kind = Filter::Kind::kComparison;
    child.comparison = std::move(value.comparison);
  }
  for (const auto& [key, value] : equals.fields()) {
    if (rules.Find(key) != nullptr) continue;
    violations.push_back({IsKey(key) ? absl::StrCat("equals.", key) : "equals",
                          "is no field of the collection", "UNKNOWN_FIELD"});
  }
  if (violations.empty()) return filter;
  std::sort(violations.begin(), violations.end(),
            [](const Violation& a, const Violation& b) { return a.field < b.field; });
  return InvalidFields(std::move(violations));
}

Filter Both(Filter one, Filter other) {
  if (one.kind != Filter::Kind::kAll) {
    Filter all;
    all.children.push_back(std::move(one));
    one = std::move(all);
  }
  if (other.kind == Filter::Kind::kAll) {
    for (Filter& child : other.children) one.children.push_back(std::move(child));
  } else {
    one.children.push_back(std::move(other));
  }
  return one;
}

std::vector<Comparison*> SealedComparisons(Filter* filter) {
  std::vector<Comparison*> found;
  if (filter->kind == Filter::Kind::kComparison) {
    if (filter->comparison.column == IndexColumn::kBlind) found.push_back(&filter->comparison);
    return found;
  }
  for (Filter& child : filter->children) {
    for (Comparison* comparison : SealedComparisons(&child)) found.push_back(comparison);
  }
  return found;
}

void DescribeFilter(const Filter& filter, std::string* out) {
  absl::StrAppend(out, "(", static_cast<int>(filter.kind));
  if (filter.kind == Filter::Kind::kComparison) {
    const Comparison& comparison = filter.comparison;
    out->append(comparison.field.uuid().view());
    absl::StrAppend(out, static_cast<int>(comparison.op));
    DescribeKey(comparison.key, out);
    absl::StrAppend(out, "j", comparison.sealed_json.size(), ":", comparison.sealed_json);
  }
  for (const Filter& child : filter.children) DescribeFilter(child, out);
  out->push_back(')');
}

}  // namespace kasbah::tenantdata
