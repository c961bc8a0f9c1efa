#include "services/tenant_data/domain/file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kLongestName = 255;
constexpr size_t kLongestTypePart = 63;

// The next code point of valid UTF-8, which Protobuf has seen to.
char32_t TakePoint(std::string_view* text) {
  const auto byte = [&](size_t i) {
    return i < text->size() ? static_cast<unsigned char>((*text)[i]) : 0u;
  };
  const unsigned first = byte(0);
  const size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t point = size == 1 ? first : first & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) point = (point << 6) | (byte(i) & 0x3Fu);
  text->remove_prefix(std::min(size, text->size()));
  return point;
}

bool MayStandInName(char32_t point) {
  if (point == '/' || point == '\\') return false;
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return false;
  // Line and paragraph separators, and what turns the direction of text.
  if (point == 0x2028 || point == 0x2029 || point == 0x061C) return false;
  return !(point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069));
}

bool IsTypePart(std::string_view part) {
  const auto is_alphanumeric = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  };
  return !part.empty() && part.size() <= kLongestTypePart && is_alphanumeric(part[0]) &&
         std::ranges::all_of(part, [&](char c) {
           return is_alphanumeric(c) ||
                  std::string_view("!#$&^_.+-").find(c) != std::string_view::npos;
         });
}

}  // namespace

bool IsFileName(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name == "." || name == "..") return false;
  while (!name.empty()) {
    if (!MayStandInName(TakePoint(&name))) return false;
  }
  return true;
}

std::optional<std::string> ParseContentType(std::string_view text) {
  const std::string_view essence = FromAbsl(
      absl::StripAsciiWhitespace(ToAbsl(text.substr(0, std::min(text.find(';'), text.size())))));
  const size_t slash = essence.find('/');
  if (slash == std::string_view::npos || !IsTypePart(essence.substr(0, slash)) ||
      !IsTypePart(essence.substr(slash + 1))) {
    return std::nullopt;
  }
  return absl::AsciiStrToLower(ToAbsl(essence));
}

absl::Status CheckFile(const FileToBe& file, const FileLimits& limits, std::string_view field) {
  std::vector<Violation> violations;
  const auto refuse = [&](std::string_view name, std::string why, std::string rule) {
    violations.push_back({StrCat(field, ".", name), std::move(why), std::move(rule)});
  };
  if (!IsFileName(file.name)) {
    refuse("name",
           "must be 1 to 255 bytes, without slashes, backslashes, control characters and those that"
           " turn the direction of text",
           "FILE_NAME");
  }
  if (!file.content_type.empty() && !ParseContentType(file.content_type).has_value()) {
    refuse("content_type", "must be a media type such as image/png", "CONTENT_TYPE");
  }
  if (file.size < 0) refuse("size", "must not be negative", "FILE_SIZE");
  if (file.size > limits.file_bytes) {
    refuse("size", StrCat("must be at most ", limits.file_bytes, " bytes"), "FILE_TOO_LARGE");
  }
  if (!file.sha256.empty() && file.sha256.size() != 32) {
    refuse("sha256", "must be 32 bytes", "SHA256");
  }
  return violations.empty() ? absl::OkStatus() : InvalidFields(std::move(violations));
}

}  // namespace kasbah::tenantdata
