#include "services/tenant_data/rpc/export_rows.h"

#include <google/protobuf/util/json_util.h>

#include "services/tenant_data/domain/csv.h"
#include "services/tenant_data/domain/flat_json.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Value;

absl::Status AppendValue(const Value& value, std::string* out) {
  if (value.kind_case() == Value::kStringValue) {
    AppendJsonString(value.string_value(), out);
    return absl::OkStatus();
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) {
    return absl::DataLossError("a value has no JSON form");
  }
  out->append(json);
  return absl::OkStatus();
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
      absl::Status appended = AppendValue(*value, out);
      if (!appended.ok()) return appended;
    } else if (value != nullptr && value->kind_case() == Value::kStringValue) {
      AppendCsvCell(value->string_value(), out);
    } else if (value != nullptr) {
      std::string json;
      absl::Status appended = AppendValue(*value, &json);
      if (!appended.ok()) return appended;
      AppendCsvCell(json, out);
    }
  }
  out->append(is_csv ? "\r\n" : "}\n");
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
