#include "services/auth/domain/base62.h"

#include <cmath>
#include <cstdint>

namespace kasbah::auth {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr uint32_t kBase = 62;

}  // namespace

size_t Base62Width(size_t size) {
  return static_cast<size_t>(std::ceil(static_cast<double>(size) * 8.0 / std::log2(62.0)));
}

std::string EncodeBase62(std::string_view bytes) {
  std::string number(bytes);
  std::string text(Base62Width(bytes.size()), kDigits[0]);
  for (size_t place = text.size(); place-- > 0;) {
    uint32_t remainder = 0;
    for (char& c : number) {
      const uint32_t value = remainder * 256 + static_cast<uint8_t>(c);
      c = static_cast<char>(value / kBase);
      remainder = value % kBase;
    }
    text[place] = kDigits[remainder];
  }
  return text;
}

std::optional<std::string> ParseBase62(std::string_view text, size_t size) {
  if (text.size() != Base62Width(size)) return std::nullopt;
  std::string number(size, '\0');
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    uint32_t carry = static_cast<uint32_t>(digit);
    for (size_t i = size; i-- > 0;) {
      const uint32_t value = static_cast<uint8_t>(number[i]) * kBase + carry;
      number[i] = static_cast<char>(value & 0xFF);
      carry = value >> 8;
    }
    if (carry != 0) return std::nullopt;
  }
  return number;
}

}  // namespace kasbah::auth
