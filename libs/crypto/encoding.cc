#include "libs/crypto/encoding.h"

#include <array>
#include <cstdint>

#include "absl/status/status.h"

namespace kasbah::crypto {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHexDigits = "0123456789abcdef";

using Values = std::array<int8_t, 256>;

constexpr Values ValuesOf(std::string_view alphabet) {
  Values values{};
  for (int8_t& value : values) value = -1;
  for (size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}
constexpr Values kStandardValues = ValuesOf(kStandard);
constexpr Values kUrlValues = ValuesOf(kUrl);

std::string Encode64(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t group = 0;
  int bits = 0;
  for (char c : bytes) {
    group = group << 8 | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += alphabet[group >> (bits - 6) & 0x3f];
  }
  if (bits > 0) text += alphabet[group << (6 - bits) & 0x3f];
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

absl::StatusOr<std::string> Decode64(std::string_view text, const Values& values,
                                     const char* what) {
  if (text.size() % 4 == 1) return absl::InvalidArgumentError(what);
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t group = 0;
  int bits = 0;
  for (char c : text) {
    const int8_t value = values[static_cast<uint8_t>(c)];
    if (value < 0) return absl::InvalidArgumentError(what);
    group = group << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> bits & 0xff);
    }
  }
  // Two texts must not mean the same bytes.
  if ((group & ((1u << bits) - 1)) != 0) return absl::InvalidArgumentError(what);
  return bytes;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Base64(std::string_view bytes) { return Encode64(bytes, kStandard, true); }
std::string Base64Url(std::string_view bytes) { return Encode64(bytes, kUrl, false); }

absl::StatusOr<std::string> ParseBase64(std::string_view text) {
  if (text.size() % 4 != 0) return absl::InvalidArgumentError("not base64");
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return Decode64(text, kStandardValues, "not base64");
}

absl::StatusOr<std::string> ParseBase64Url(std::string_view text) {
  return Decode64(text, kUrlValues, "not base64url");
}

std::string Hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char c : bytes) {
    text += kHexDigits[static_cast<uint8_t>(c) >> 4];
    text += kHexDigits[static_cast<uint8_t>(c) & 0xf];
  }
  return text;
}

absl::StatusOr<std::string> ParseHex(std::string_view text) {
  if (text.size() % 2 != 0) return absl::InvalidArgumentError("not hexadecimal");
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return absl::InvalidArgumentError("not hexadecimal");
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

}  // namespace kasbah::crypto
