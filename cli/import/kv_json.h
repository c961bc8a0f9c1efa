#pragma once

#include <string>

#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {

// The text of a JSON document from a server that may lie: at most 64 levels deep.
// INVALID_ARGUMENT without a word of the text; OUT_OF_RANGE for a number that would not stay what
// it is (more digits than 64 bits or a double hold).
absl::StatusOr<nlohmann::json> ParseServerJson(const std::string& text);

// A secret's keys and values as one text: keys in the order of their bytes, no spaces. The same for
// the same content, so that payloads can be compared.
std::string CanonicalJson(const nlohmann::json& value);

// Wipes every text in it.
void WipeJson(nlohmann::json& value);

}  // namespace kasbah::cli
