#include "services/tenant_data/domain/change_mask.h"

#include <string>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;

constexpr std::string_view kPrefix = "values.";

void Take(const std::string& key, const Struct& values, Struct* changes) {
  const auto given = values.fields().find(key);
  google::protobuf::Value& change = (*changes->mutable_fields())[key];
  if (given == values.fields().end()) {
    change.set_null_value(google::protobuf::NULL_VALUE);
  } else {
    change = given->second;
  }
}

}  // namespace

absl::StatusOr<Struct> ApplyMask(const RuleTable& rules, const google::protobuf::FieldMask& mask,
                                 const Struct& values) {
  if (mask.paths().empty()) return values;
  if (mask.paths_size() == 1 && mask.paths(0) == "*") {
    Struct changes = values;
    for (const FieldRule& field : rules.fields()) Take(field.definition.key, values, &changes);
    return changes;
  }
  Struct changes;
  std::vector<Violation> violations;
  for (const std::string& path : mask.paths()) {
    const std::string key = path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : "";
    if (rules.Find(key) == nullptr) {
      violations.push_back({"update_mask",
                            IsKey(key) ? StrCat(path, " is no field of the collection")
                                       : "must have paths as values.name, or * alone",
                            "UNKNOWN_FIELD"});
      continue;
    }
    Take(key, values, &changes);
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  return changes;
}

}  // namespace kasbah::tenantdata
