#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {

// A JSON object as a protobuf Struct. Integers that a double cannot hold exactly become decimal
// text, as in protobuf's own JSON.
google::protobuf::Struct ToStruct(const nlohmann::json& object);

// The text of one JSON object. INVALID_ARGUMENT, with the byte it fails at, for anything else.
absl::StatusOr<google::protobuf::Struct> ParseStruct(const std::string& text);

// What nlohmann's parser says, without its own decoration: "syntax error at byte 12".
absl::StatusOr<nlohmann::json> ParseJson(const std::string& text);

}  // namespace kasbah::cli
