#include "libs/payload/secret_name.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/ids.h"

namespace kasbah::payload {
namespace {

constexpr std::array<std::string_view, 4> kSuffixes = {"_secret", "_password", "_token",
                                                       "_vault_ref"};
// Longer than any name that people give: of a longer one, this much of its end is looked at.
constexpr size_t kLongestTail = 256;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsWordByte(char c) {
  // What is not ASCII is some letter, as far as words are told apart.
  return IsUpper(c) || IsLower(c) || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) > 127;
}
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return Lower(c); });
  return lower;
}

// "clientAPIToken " as "_client_api_token".
std::string Words(std::string_view name) {
  std::string words;
  bool inside = false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!IsWordByte(c)) {
      inside = false;
      continue;
    }
    const bool after_lower = i > 0 && IsUpper(c) && !IsUpper(name[i - 1]);
    const bool before_lower = i > 0 && IsUpper(c) && i + 1 < name.size() && IsLower(name[i + 1]);
    if (!inside || after_lower || before_lower) words.push_back('_');
    words.push_back(Lower(c));
    inside = true;
  }
  return words;
}

bool EndsIn(std::string_view name, std::string_view suffix) {
  // As it stands, for x_SeCrEt; and by its words.
  return Lower(name).ends_with(suffix) || Words(name).ends_with(suffix);
}

bool EndsInSuffix(std::string_view name) {
  return std::ranges::any_of(kSuffixes,
                             [&](std::string_view suffix) { return EndsIn(name, suffix); });
}

const USpoofChecker* Checker() {
  static const USpoofChecker* checker = [] {
    UErrorCode error = U_ZERO_ERROR;
    USpoofChecker* made = uspoof_open(&error);
    KASBAH_CHECK(U_SUCCESS(error));
    return made;
  }();
  return checker;
}

// How a name looks: compatibility forms and what cannot be seen gone, and each letter of another
// script replaced by the one it is taken for.
std::string Look(std::string_view name) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(error);
  KASBAH_CHECK(U_SUCCESS(error));
  const icu::UnicodeString folded = nfkc->normalize(
      icu::UnicodeString::fromUTF8({name.data(), static_cast<int32_t>(name.size())}), error);
  icu::UnicodeString visible;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 point = folded.char32At(i);
    if (!u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) visible.append(point);
  }
  icu::UnicodeString skeleton;
  uspoof_getSkeletonUnicodeString(Checker(), 0, visible, skeleton, &error);
  // No more than memory can be lacking.
  KASBAH_CHECK(U_SUCCESS(error));
  std::string look;
  skeleton.toUTF8String(look);
  return look;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; });
}

std::string_view TailOf(std::string_view name) {
  if (name.size() <= kLongestTail) return name;
  size_t begin = name.size() - kLongestTail;
  while (begin < name.size() && (static_cast<unsigned char>(name[begin]) & 0xC0) == 0x80) ++begin;
  return name.substr(begin);
}

}  // namespace

bool IsSecretName(std::string_view name) {
  name = TailOf(name);
  if (EndsInSuffix(name)) return true;
  // A look of plain letters is what they are: the rest is for other scripts.
  return !IsAscii(name) && EndsInSuffix(Look(name));
}

bool IsReference(std::string_view name, std::string_view value) {
  if (!SecretId::Parse(value).ok()) return false;
  name = TailOf(name);
  return !EndsIn(name, "_vault_ref") && (IsAscii(name) || !EndsIn(Look(name), "_vault_ref"));
}

}  // namespace kasbah::payload
