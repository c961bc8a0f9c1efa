#include "libs/telemetry/json_line.h"

#include <cmath>
#include <cstdint>

#include "libs/base/strings.h"

namespace kasbah::telemetry {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Bytes of the well-formed UTF-8 sequence that `text` starts with; 0 when it starts with none
// (Unicode 15, table 3-7: neither overlong forms nor surrogates).
size_t SequenceLength(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length || at(1) < low || at(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  return length;
}

void AppendAscii(unsigned char c, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      if (c < 0x20 || c == 0x7F) {
        out->append("\\u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 0xF]);
      } else {
        out->push_back(static_cast<char>(c));
      }
  }
}

struct AppendValue {
  std::string* out;
  void operator()(std::string_view v) const { AppendJsonString(v, out); }
  void operator()(bool v) const { out->append(v ? "true" : "false"); }
  void operator()(int64_t v) const { StrAppend(out, v); }
  void operator()(uint64_t v) const { StrAppend(out, v); }
  // JSON knows no infinity.
  void operator()(double v) const {
    if (std::isfinite(v)) {
      StrAppend(out, v);
    } else {
      out->append("null");
    }
  }
};

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  AppendJsonString(key, out);
  out->push_back(':');
  AppendJsonString(value, out);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) {
      out->append(kReplacement);
      text.remove_prefix(1);
    } else if (length == 1) {
      AppendAscii(static_cast<unsigned char>(text[0]), out);
      text.remove_prefix(1);
    } else {
      out->append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  out->push_back('"');
}

std::string FormatLogLine(absl::Time time, std::string_view level, std::string_view service,
                          std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = "{";
  AppendMember("time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()), &line);
  line.push_back(',');
  AppendMember("level", level, &line);
  line.push_back(',');
  AppendMember("service", service, &line);
  line.push_back(',');
  AppendMember("message", message, &line);
  for (const LogField& field : fields) {
    line.push_back(',');
    AppendJsonString(field.key, &line);
    line.push_back(':');
    std::visit(AppendValue{&line}, field.value);
  }
  line.push_back('}');
  return line;
}

}  // namespace kasbah::telemetry
