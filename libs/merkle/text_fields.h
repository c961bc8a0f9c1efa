#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kasbah::merkle {

// Everything between separators, empty pieces included.
std::vector<std::string_view> SplitOn(std::string_view text, char separator);

// A decimal number in its one spelling: digits only, no leading zeros.
std::optional<uint64_t> ParseDecimal(std::string_view text);

}  // namespace kasbah::merkle
