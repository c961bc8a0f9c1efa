
#include "libs/base/ids.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::internal {
namespace {

// Crockford's base32, lower case: no i, l, o, u.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
// 128 bits in groups of 5, with two zero bits in front.
constexpr size_t kDigits = 26;

absl::Status WrongId(std::string_view prefix) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_ID",
               StrCat("expected an id that starts with ", prefix, "_"));
}

// Bit `position` of 130: the first two are the zeroes in front.
int BitAt(const Uuid& uuid, size_t position) {
  if (position < 2) return 0;
  const size_t bit = position - 2;
  return uuid.bytes()[bit / 8] >> (7 - bit % 8) & 1;
}

}  // namespace

std::string FormatTypeId(std::string_view prefix, const Uuid& uuid) {
  std::string text = StrCat(prefix, "_");
  text.reserve(text.size() + kDigits);
  for (size_t digit = 0; digit < kDigits; ++digit) {
    int value = 0;
    for (size_t i = 0; i < 5; ++i) value = value << 1 | BitAt(uuid, digit * 5 + i);
    text.push_back(kAlphabet[static_cast<size_t>(value)]);
  }
  return text;
}

absl::StatusOr<Uuid> ParseTypeId(std::string_view prefix, std::string_view text) {
  if (text.size() != prefix.size() + 1 + kDigits || text.substr(0, prefix.size()) != prefix ||
      text[prefix.size()] != '_') {
    return WrongId(prefix);
  }
  text.remove_prefix(prefix.size() + 1);
  // More would not fit into 128 bits.
  if (text[0] > '7') return WrongId(prefix);
  std::array<uint8_t, 16> bytes{};
  for (size_t digit = 0; digit < kDigits; ++digit) {
    const size_t value = kAlphabet.find(text[digit]);
    if (value == std::string_view::npos) return WrongId(prefix);
    for (size_t i = 0; i < 5; ++i) {
      const size_t position = digit * 5 + i;
      if (position < 2 || (value >> (4 - i) & 1) == 0) continue;
      const size_t bit = position - 2;
      bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] | 0x80 >> bit % 8);
    }
  }
  return Uuid(bytes);
}

}  // namespace kasbah::internal
