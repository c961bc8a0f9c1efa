#include "services/audit/formats/text.h"

#include <algorithm>

#include "libs/base/utf8.h"

namespace kasbah::audit {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kEllipsis = "…";

struct Range {
  char32_t first;
  char32_t last;
};

constexpr Range kUnseen[] = {{0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C},
                             {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069},
                             {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}};

bool IsUnseen(char32_t character) {
  return std::any_of(std::begin(kUnseen), std::end(kUnseen), [character](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

}  // namespace

char32_t TakeCharacter(std::string_view* rest) {
  const auto byte = [rest](size_t i) { return static_cast<unsigned char>((*rest)[i]); };
  const unsigned char lead = byte(0);
  const size_t size = lead < 0x80                   ? 1
                      : lead >= 0xC2 && lead < 0xE0 ? 2
                      : lead >= 0xE0 && lead < 0xF0 ? 3
                      : lead >= 0xF0 && lead < 0xF5 ? 4
                                                    : 0;
  char32_t character = size == 0 || size > rest->size() ? kReplacement
                       : size == 1                      ? lead
                                                        : lead & (0x7Fu >> size);
  if (character == kReplacement) {
    rest->remove_prefix(1);
    return kReplacement;
  }
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      rest->remove_prefix(1);
      return kReplacement;
    }
    character = character << 6 | (byte(i) & 0x3Fu);
  }
  // RFC 3629: the shortest form only, no surrogates, nothing past U+10FFFF.
  const bool valid = (size != 3 || character >= 0x800) && (size != 4 || character >= 0x10000) &&
                     (character < 0xD800 || character > 0xDFFF) && character <= 0x10FFFF;
  rest->remove_prefix(valid ? size : 1);
  return valid ? character : kReplacement;
}

void AppendText(std::string_view text, Escape escape, size_t limit, std::string* out) {
  const size_t start = out->size();
  // Where an ellipsis would still fit.
  size_t fits = start;
  while (!text.empty()) {
    const char32_t character = TakeCharacter(&text);
    if (const std::string_view escaped = escape(character); !escaped.empty()) {
      out->append(escaped);
    } else {
      AppendUtf8(IsUnseen(character) ? kReplacement : character, out);
    }
    if (limit == 0) continue;
    if (out->size() - start > limit) {
      out->resize(fits);
      out->append(kEllipsis);
      return;
    }
    if (out->size() - start + kEllipsis.size() <= limit) fits = out->size();
  }
}

}  // namespace kasbah::audit
