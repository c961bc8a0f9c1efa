#include "cli/client/struct_json.h"

#include <cstdint>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

// Integers of a greater size are not all doubles.
constexpr int64_t kExact = int64_t{1} << 53;

google::protobuf::Value ToValue(const nlohmann::json& json) {
  google::protobuf::Value value;
  if (json.is_null()) {
    value.set_null_value(google::protobuf::NULL_VALUE);
  } else if (json.is_boolean()) {
    value.set_bool_value(json.get<bool>());
  } else if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(kExact)) {
    value.set_string_value(json.dump());
  } else if (json.is_number_integer() && !json.is_number_unsigned() &&
             json.get<int64_t>() < -kExact) {
    value.set_string_value(json.dump());
  } else if (json.is_number()) {
    value.set_number_value(json.get<double>());
  } else if (json.is_string()) {
    value.set_string_value(json.get<std::string>());
  } else if (json.is_array()) {
    value.mutable_list_value();
    for (const nlohmann::json& item : json)
      *value.mutable_list_value()->add_values() = ToValue(item);
  } else {
    *value.mutable_struct_value() = ToStruct(json);
  }
  return value;
}

}  // namespace

google::protobuf::Struct ToStruct(const nlohmann::json& object) {
  google::protobuf::Struct result;
  for (const auto& [key, value] : object.items()) (*result.mutable_fields())[key] = ToValue(value);
  return result;
}

absl::StatusOr<nlohmann::json> ParseJson(const std::string& text) {
  // The parser tells where it failed by an exception alone.
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return absl::InvalidArgumentError(StrCat("not JSON (byte ", error.byte, ")"));
  }
}

absl::StatusOr<google::protobuf::Struct> ParseStruct(const std::string& text) {
  ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(text));
  if (!json.is_object())
    return absl::InvalidArgumentError("has to be a JSON object: {\"field\": value}");
  return ToStruct(json);
}

}  // namespace kasbah::cli
