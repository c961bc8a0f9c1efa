#include "services/tenant_data/rpc/import_rows.h"

#include <set>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/strict_json.h"
#include "services/tenant_data/domain/csv.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/json_value.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Value;
using nlohmann::json;

// No value of a field is as deep; what is, is refused, and what lies below it does not matter.
constexpr int kMaxDepth = kJsonLimits.max_depth + 2;

Value ToValue(const json& given, int depth) {
  Value value;
  if (given.is_string()) {
    value.set_string_value(given.get<std::string>());
  } else if (given.is_boolean()) {
    value.set_bool_value(given.get<bool>());
  } else if (given.is_number_unsigned() &&
             given.get<uint64_t>() > static_cast<uint64_t>(kMaxExactInteger)) {
    // As protobuf's own JSON does with what a double would round.
    value.set_string_value(absl::StrCat(given.get<uint64_t>()));
  } else if (given.is_number_integer() && !given.is_number_unsigned() &&
             given.get<int64_t>() < -kMaxExactInteger) {
    value.set_string_value(absl::StrCat(given.get<int64_t>()));
  } else if (given.is_number()) {
    value.set_number_value(given.get<double>());
  } else if (given.is_array()) {
    value.mutable_list_value();
    for (const json& entry : given) {
      if (depth < kMaxDepth) {
        *value.mutable_list_value()->add_values() = ToValue(entry, depth + 1);
      }
    }
  } else if (given.is_object()) {
    value.mutable_struct_value();
    for (const auto& [key, entry] : given.items()) {
      if (depth < kMaxDepth) {
        (*value.mutable_struct_value()->mutable_fields())[key] = ToValue(entry, depth + 1);
      }
    }
  } else {
    value.set_null_value(google::protobuf::NULL_VALUE);
  }
  return value;
}

bool RefuseTooLong(const FileRow& row, ImportRow* read) {
  if (row.is_too_long) read->violations.push_back({"", "is longer than 4 MiB", "TOO_LONG"});
  return row.is_too_long;
}

// As strict as a line of JSON is: within an object, since nothing else has names to be doubled.
bool ParseJsonCell(const std::string& cell, Value* value) {
  const absl::StatusOr<json> parsed = rpc::ParseStrictJson(StrCat("{\"cell\":", cell, "}"));
  if (!parsed.ok() || parsed->size() != 1) return false;
  *value = ToValue(parsed->front(), 1);
  return true;
}

Value CellValue(const FieldRule* field, const std::string& cell) {
  Value value;
  if (field != nullptr && field->definition.type == FieldType::kMultiChoice) {
    const json list = json::parse(cell, nullptr, /*allow_exceptions=*/false);
    if (list.is_array()) return ToValue(list, 1);
  }
  const bool is_boolean = field != nullptr && field->definition.type == FieldType::kBoolean;
  if (is_boolean && (cell == "true" || cell == "false")) {
    value.set_bool_value(cell == "true");
  } else {
    value.set_string_value(cell);
  }
  return value;
}

void TakeSubject(const std::string& member, const std::string& given, ImportRow* read) {
  if (given.size() > kMaxSubjectBytes) {
    read->violations.push_back({member, "must have at most 320 bytes", "MAX"});
  } else if (given.find('\0') != std::string::npos) {
    read->violations.push_back({member, "must not hold the character U+0000", "TYPE"});
  } else {
    read->subject = given;
  }
}

// A member that is not there is forgotten rather than nobody's.
void TakeSubject(const std::string& member, const json& line, ImportRow* read) {
  const auto given = line.find(member);
  if (given == line.end()) {
    read->violations.push_back({member, "must say whose it is, or be null", "REQUIRED"});
  } else if (given->is_string()) {
    TakeSubject(member, given->get<std::string>(), read);
  } else if (!given->is_null()) {
    read->violations.push_back({member, "must be a text", "TYPE"});
  }
}

}  // namespace

ImportRow ReadJsonRow(const FileRow& row, const std::string& subject_member) {
  ImportRow read;
  read.line = row.first_line;
  if (RefuseTooLong(row, &read)) return read;
  const absl::StatusOr<json> parsed = rpc::ParseStrictJson(row.text);
  if (!parsed.ok() || !parsed->is_object()) {
    read.violations.push_back({"", "is no JSON object", "JSON"});
    return read;
  }
  if (!subject_member.empty()) TakeSubject(subject_member, *parsed, &read);
  for (const auto& [key, value] : parsed->items()) {
    if (key == subject_member && !subject_member.empty()) continue;
    (*read.values.mutable_fields())[key] = ToValue(value, 1);
  }
  return read;
}

absl::StatusOr<std::vector<std::string>> ReadCsvHeader(const RuleTable& rules, const FileRow& row,
                                                       const std::string& subject_member,
                                                       bool may_be_unknown) {
  std::string_view text = row.text;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto cells = ParseCsvRow(text);
  if (!cells || row.is_too_long) return InvalidField("data", "begins with no row of field keys");
  std::vector<std::string> header;
  std::set<std::string> seen;
  for (const CsvCell& cell : *cells) {
    const std::string key = cell.value_or("");
    const bool is_subject = !subject_member.empty() && key == subject_member;
    if (!is_subject && rules.Find(key) == nullptr && !(may_be_unknown && IsKey(key))) {
      return InvalidField(
          "data", IsKey(key) ? StrCat("has a column ", key, ", which is no field of the collection")
                             : "has a column that is no key of a field");
    }
    if (!seen.insert(key).second)
      return InvalidField("data", StrCat("has the column ", key, " twice"));
    header.push_back(key);
  }
  if (!subject_member.empty() && !seen.contains(subject_member)) {
    return InvalidField("data", "has no column of the name start.subject_member");
  }
  return header;
}

ImportRow ReadCsvRow(const RuleTable& rules, const std::vector<std::string>& header,
                     const std::string& subject_member, const FileRow& row) {
  ImportRow read;
  read.line = row.first_line;
  if (RefuseTooLong(row, &read)) return read;
  const auto cells = ParseCsvRow(row.text);
  if (!cells) {
    read.violations.push_back({"", "has a quote that does not end where its cell does", "CSV"});
    return read;
  }
  if (cells->size() != header.size()) {
    read.violations.push_back(
        {"", StrCat("has ", cells->size(), " cells and not ", header.size()), "CSV"});
    return read;
  }
  for (size_t i = 0; i < header.size(); ++i) {
    const CsvCell& cell = (*cells)[i];
    if (!cell) continue;
    if (!subject_member.empty() && header[i] == subject_member) {
      TakeSubject(subject_member, *cell, &read);
      continue;
    }
    const FieldRule* field = rules.Find(header[i]);
    Value& value = (*read.values.mutable_fields())[header[i]];
    if (field == nullptr || field->definition.type != FieldType::kJson) {
      value = CellValue(field, *cell);
    } else if (!ParseJsonCell(*cell, &value)) {
      read.violations.push_back({PathOf(header[i]), "is no JSON", "JSON"});
    }
  }
  return read;
}

}  // namespace kasbah::tenantdata
