#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

namespace kasbah::rpc {

// A JSON object (RFC 8259) of security's: valid UTF-8, no duplicate name at any depth (two readers
// could choose different ones), nothing behind it. INVALID_ARGUMENT otherwise.
absl::StatusOr<nlohmann::json> ParseStrictJson(std::string_view text);

// The string called `name`, or null when absent or of another type.
const std::string* FindString(const nlohmann::json& object, const char* name);

}  // namespace kasbah::rpc
