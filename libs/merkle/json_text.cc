#include "libs/merkle/json_text.h"

#include "libs/merkle/text_fields.h"

namespace kasbah::merkle {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// The letter after the backslash of a short escape, or 0.
char ShortEscape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

std::optional<char> FromShortEscape(char letter) {
  for (const char c : {'"', '\\', '\b', '\t', '\n', '\f', '\r'}) {
    if (ShortEscape(c) == letter) return c;
  }
  return std::nullopt;
}

// Whether a byte stands in a string as it is.
struct PlainBytes {
  bool plain[256] = {};
  constexpr PlainBytes() {
    for (int byte = 0x20; byte < 256; ++byte) plain[byte] = byte != 0x7f;
    plain[static_cast<unsigned char>('"')] = plain[static_cast<unsigned char>('\\')] = false;
  }
};
constexpr PlainBytes kPlainBytes;

// The first byte from `from` on that is not plain, or the end: nearly all of a text is skipped
// here.
size_t SkipPlain(std::string_view text, size_t from) {
  const char* const data = text.data();
  const size_t size = text.size();
  while (from < size && kPlainBytes.plain[static_cast<unsigned char>(data[from])]) ++from;
  return from;
}

// Where the string that starts at text[0] == '"' ends, its quote included; npos when it does not.
size_t EndOfString(std::string_view text) {
  for (size_t i = SkipPlain(text, 1); i < text.size(); i = SkipPlain(text, i + 1)) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::optional<std::string> Unescape(std::string_view escaped) {
  std::string value;
  value.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    const size_t plain_end = SkipPlain(escaped, i);
    value.append(escaped, i, plain_end - i);
    i = plain_end;
    if (i == escaped.size()) break;
    if (escaped[i] != '\\') {
      value += escaped[i];
      continue;
    }
    if (++i == escaped.size()) return std::nullopt;
    if (escaped[i] != 'u') {
      const std::optional<char> c = FromShortEscape(escaped[i]);
      if (!c) return std::nullopt;
      value += *c;
      continue;
    }
    const std::string_view digits = escaped.substr(i + 1, 4);
    if (digits.size() != 4 || !digits.starts_with("00")) return std::nullopt;
    const size_t high = kHexDigits.find(digits[2]);
    const size_t low = kHexDigits.find(digits[3]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    value += static_cast<char>(high * 16 + low);
    i += 4;
  }
  return value;
}

}  // namespace

void AppendJsonString(std::string_view value, std::string* out) {
  out->push_back('"');
  size_t plain_from = 0;
  for (size_t i = SkipPlain(value, 0); i < value.size(); i = SkipPlain(value, i + 1)) {
    const char c = value[i];
    out->append(value, plain_from, i - plain_from);
    plain_from = i + 1;
    if (const char letter = ShortEscape(c); letter != 0) {
      out->push_back('\\');
      out->push_back(letter);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out->append("\\u00");
      out->push_back(kHexDigits[byte >> 4]);
      out->push_back(kHexDigits[byte & 0x0f]);
    }
  }
  out->append(value, plain_from);
  out->push_back('"');
}

std::string JsonString(std::string_view value) {
  std::string out;
  AppendJsonString(value, &out);
  return out;
}

std::nullopt_t JsonCursor::Fail() {
  failed_ = true;
  return std::nullopt;
}

bool JsonCursor::TryExpect(std::string_view literal) {
  if (failed_ || !rest_.starts_with(literal)) return false;
  rest_.remove_prefix(literal.size());
  return true;
}

bool JsonCursor::Expect(std::string_view literal) {
  if (TryExpect(literal)) return true;
  failed_ = true;
  return false;
}

std::optional<std::string> JsonCursor::String() {
  if (failed_ || !rest_.starts_with('"')) return Fail();
  const size_t end = EndOfString(rest_);
  if (end == std::string_view::npos) return Fail();
  std::optional<std::string> value = Unescape(rest_.substr(1, end - 2));
  if (!value || JsonString(*value) != rest_.substr(0, end)) return Fail();
  rest_.remove_prefix(end);
  return value;
}

std::optional<uint64_t> JsonCursor::Number() {
  if (failed_) return std::nullopt;
  const size_t end = rest_.find_first_not_of("0123456789");
  const std::string_view digits = rest_.substr(0, end);
  const std::optional<uint64_t> value = ParseDecimal(digits);
  if (!value) return Fail();
  rest_.remove_prefix(digits.size());
  return value;
}

std::optional<std::string_view> JsonCursor::Object() {
  if (failed_ || !rest_.starts_with('{')) return Fail();
  int depth = 0;
  for (size_t i = 0; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      const size_t end = EndOfString(rest_.substr(i));
      if (end == std::string_view::npos) return Fail();
      i += end - 1;
    } else if (rest_[i] == '{') {
      ++depth;
    } else if (rest_[i] == '}' && --depth == 0) {
      const std::string_view object = rest_.substr(0, i + 1);
      rest_.remove_prefix(i + 1);
      return object;
    }
  }
  return Fail();
}

}  // namespace kasbah::merkle
