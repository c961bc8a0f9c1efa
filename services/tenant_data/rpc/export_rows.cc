#include "services/tenant_data/rpc/export_rows.h"

#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/csv.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/json_value.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Value;

// What people write; the others hold nothing that a spreadsheet could take for a formula.
bool IsFreeText(const FieldDefinition& field) {
  switch (field.type) {
    case FieldType::kText:
    case FieldType::kLongText:
    case FieldType::kRichText:
    case FieldType::kChoice:
    case FieldType::kEmail:
    case FieldType::kUrl:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<std::string> CellOf(const FieldDefinition& field, const Value& value) {
  if (value.kind_case() != Value::kStringValue || field.type == FieldType::kJson) {
    return CanonicalJson(value);
  }
  return IsFreeText(field) ? InertText(value.string_value()) : value.string_value();
}

}  // namespace

void AppendCsvHeader(const RuleTable& rules, std::string* out) {
  bool is_first = true;
  for (const FieldRule& field : rules.fields()) {
    if (!is_first) out->push_back(',');
    is_first = false;
    out->append(field.definition.key);
  }
  out->append("\r\n");
}

absl::Status AppendRow(const RuleTable& rules, v1::LineFormat format,
                       const google::protobuf::Struct& values, std::string* out) {
  const bool is_csv = format == v1::LINE_FORMAT_CSV;
  if (!is_csv) out->push_back('{');
  bool is_first = true;
  for (const FieldRule& field : rules.fields()) {
    const auto found = values.fields().find(field.definition.key);
    const Value* value = found == values.fields().end() ? nullptr : &found->second;
    if (!is_csv && value == nullptr) continue;
    if (!is_first) out->push_back(',');
    is_first = false;
    if (!is_csv) {
      AppendJsonString(field.definition.key, out);
      out->push_back(':');
      ASSIGN_OR_RETURN(const std::string json, CanonicalJson(*value));
      out->append(json);
    } else if (value != nullptr) {
      ASSIGN_OR_RETURN(const std::string cell, CellOf(field.definition, *value));
      AppendCsvCell(cell, out);
    }
  }
  out->append(is_csv ? "\r\n" : "}\n");
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
