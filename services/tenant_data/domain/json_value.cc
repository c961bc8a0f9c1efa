#include "services/tenant_data/domain/json_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/flat_json.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

absl::Status Append(const Value& value, std::string* out);

absl::Status AppendText(const std::string& text, std::string* out) {
  if (text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("must not hold the character U+0000");
  }
  AppendJsonString(text, out);
  return absl::OkStatus();
}

absl::Status AppendNumber(double number, std::string* out) {
  if (!std::isfinite(number)) return absl::InvalidArgumentError("must hold finite numbers alone");
  // The longest is the smallest double, 5e-324, with a sign.
  std::array<char, 400> digits;
  // Zero has no sign in JSON's databases.
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 number == 0 ? 0.0 : number, std::chars_format::fixed);
  out->append(digits.data(), end.ptr);
  const bool is_whole = number == std::trunc(number);
  if (is_whole && std::abs(number) > static_cast<double>(kMaxExactInteger)) out->append(".0");
  return absl::OkStatus();
}

absl::Status AppendObject(const Struct& object, std::string* out) {
  std::vector<std::string_view> names;
  names.reserve(object.fields().size());
  for (const auto& [name, value] : object.fields()) names.push_back(name);
  std::sort(names.begin(), names.end());
  char before = '{';
  for (const std::string_view name : names) {
    out->push_back(before);
    before = ',';
    const std::string key(name);
    RETURN_IF_ERROR(AppendText(key, out));
    out->push_back(':');
    RETURN_IF_ERROR(Append(object.fields().at(key), out));
  }
  if (before == '{') out->push_back('{');
  out->push_back('}');
  return absl::OkStatus();
}

absl::Status Append(const Value& value, std::string* out) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return AppendNumber(value.number_value(), out);
    case Value::kStringValue:
      return AppendText(value.string_value(), out);
    case Value::kBoolValue:
      out->append(value.bool_value() ? "true" : "false");
      return absl::OkStatus();
    case Value::kStructValue:
      return AppendObject(value.struct_value(), out);
    case Value::kListValue: {
      char before = '[';
      for (const Value& element : value.list_value().values()) {
        out->push_back(before);
        before = ',';
        RETURN_IF_ERROR(Append(element, out));
      }
      if (before == '[') out->push_back('[');
      out->push_back(']');
      return absl::OkStatus();
    }
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  out->append("null");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> CanonicalJson(const Value& value) {
  std::string text;
  RETURN_IF_ERROR(Append(value, &text));
  return text;
}

size_t CountValues(const Value& value) {
  size_t count = 0;
  if (value.has_list_value()) {
    for (const Value& element : value.list_value().values()) count += 1 + CountValues(element);
  } else if (value.has_struct_value()) {
    for (const auto& [name, member] : value.struct_value().fields()) {
      count += 1 + CountValues(member);
    }
  }
  return count;
}

}  // namespace kasbah::tenantdata
