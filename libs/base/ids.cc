
#include "libs/base/ids.h"

#include "absl/numeric/int128.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::internal {
namespace {

// Crockford's base32, lower case: no i, l, o, u.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
// 128 bits in groups of 5, with two zero bits in front.
constexpr int kDigits = 26;
constexpr int kDigitBits = 5;

// A digit's value by its character; -1: none.
constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}();

absl::Status WrongId(std::string_view prefix) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_ID",
               StrCat("expected an id that starts with ", prefix, "_"));
}

}  // namespace

std::string FormatTypeId(std::string_view prefix, const Uuid& uuid) {
  std::string text = StrCat(prefix, "_");
  text.reserve(prefix.size() + 1 + kDigits);
  absl::uint128 bits = 0;
  for (const uint8_t byte : uuid.bytes()) bits = bits << 8 | byte;
  for (int digit = kDigits; digit-- > 0;) {
    const auto value = static_cast<size_t>(absl::Uint128Low64(bits >> (digit * kDigitBits)) & 31);
    text.push_back(kAlphabet[value]);
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
  absl::uint128 bits = 0;
  for (const char digit : text) {
    const int8_t value = kValues[static_cast<unsigned char>(digit)];
    if (value < 0) return WrongId(prefix);
    bits = bits << kDigitBits | static_cast<uint64_t>(value);
  }
  std::array<uint8_t, 16> bytes;
  for (size_t i = bytes.size(); i-- > 0; bits >>= 8) {
    bytes[i] = static_cast<uint8_t>(absl::Uint128Low64(bits));
  }
  return Uuid(bytes);
}

}  // namespace kasbah::internal
