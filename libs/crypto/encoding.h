#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::crypto {

// RFC 4648. Parsers are strict: no foreign characters, no whitespace, no non-zero tail bits;
// Base64 demands its padding, Base64Url refuses any.
std::string Base64(std::string_view bytes);
absl::StatusOr<std::string> ParseBase64(std::string_view text);
std::string Base64Url(std::string_view bytes);
absl::StatusOr<std::string> ParseBase64Url(std::string_view text);
std::string Hex(std::string_view bytes);
absl::StatusOr<std::string> ParseHex(std::string_view text);

}  // namespace kasbah::crypto
