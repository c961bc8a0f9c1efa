#include "services/tenant_data/domain/text_range.h"

#include "libs/base/utf8.h"

namespace kasbah::tenantdata {
namespace {

constexpr char32_t kLast = 0x10FFFF;
constexpr char32_t kFirstSurrogate = 0xD800;
constexpr char32_t kPastSurrogates = 0xE000;

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Of one code point.
char32_t Decode(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return first;
  char32_t code = first & (0xFFu >> (bytes.size() + 1));
  for (const char byte : bytes.substr(1)) code = code << 6 | (static_cast<char32_t>(byte) & 0x3F);
  return code;
}

}  // namespace

std::optional<std::string> PastPrefix(std::string_view prefix) {
  while (!prefix.empty()) {
    size_t start = prefix.size() - 1;
    while (start > 0 && IsContinuation(prefix[start])) --start;
    char32_t code = Decode(prefix.substr(start));
    prefix = prefix.substr(0, start);
    if (code == kLast) continue;
    if (++code == kFirstSurrogate) code = kPastSurrogates;
    std::string past(prefix);
    AppendUtf8(code, &past);
    return past;
  }
  return std::nullopt;
}

}  // namespace kasbah::tenantdata
