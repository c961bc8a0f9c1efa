#include "services/tenant_data/domain/text_range.h"

#include <cstdint>

namespace kasbah::tenantdata {
namespace {

constexpr uint32_t kLast = 0x10FFFF;
constexpr uint32_t kFirstSurrogate = 0xD800;
constexpr uint32_t kPastSurrogates = 0xE000;

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Of one code point.
uint32_t Decode(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return first;
  uint32_t code = first & (0xFFu >> (bytes.size() + 1));
  for (const char byte : bytes.substr(1)) code = code << 6 | (static_cast<uint32_t>(byte) & 0x3F);
  return code;
}

void Append(uint32_t code, std::string* text) {
  const auto add = [text](uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

}  // namespace

std::optional<std::string> PastPrefix(std::string_view prefix) {
  while (!prefix.empty()) {
    size_t start = prefix.size() - 1;
    while (start > 0 && IsContinuation(prefix[start])) --start;
    uint32_t code = Decode(prefix.substr(start));
    prefix = prefix.substr(0, start);
    if (code == kLast) continue;
    if (++code == kFirstSurrogate) code = kPastSurrogates;
    std::string past(prefix);
    Append(code, &past);
    return past;
  }
  return std::nullopt;
}

}  // namespace kasbah::tenantdata
