#include "services/tenant_data/domain/flat_json.h"

#include <charconv>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {
namespace {

absl::Status Malformed() { return absl::DataLossError("stored values are not a flat JSON object"); }

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    out->push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (code >> 18)));
    out->push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// Reads left to right, without recursion.
class Reader {
 public:
  explicit Reader(std::string_view json) : rest_(json) {}

  bool Take(char expected) {
    SkipSpace();
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool AtEnd() {
    SkipSpace();
    return rest_.empty();
  }

  absl::StatusOr<std::string> TakeString() {
    if (!Take('"')) return Malformed();
    std::string text;
    while (true) {
      const size_t plain = rest_.find_first_of("\"\\");
      if (plain == std::string_view::npos) return Malformed();
      text.append(rest_.substr(0, plain));
      const char stop = rest_[plain];
      rest_.remove_prefix(plain + 1);
      if (stop == '"') return text;
      RETURN_IF_ERROR(TakeEscape(&text));
    }
  }

  absl::StatusOr<Scalar> TakeScalar() {
    SkipSpace();
    if (rest_.empty()) return Malformed();
    if (rest_.front() == '"') {
      ASSIGN_OR_RETURN(std::string text, TakeString());
      return Scalar(std::move(text));
    }
    if (rest_.front() == '[') {
      ASSIGN_OR_RETURN(std::vector<std::string> texts, TakeStrings());
      return Scalar(std::move(texts));
    }
    if (TakeWord("true")) return Scalar(true);
    if (TakeWord("false")) return Scalar(false);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc()) return Malformed();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return Scalar(number);
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\n' || rest_.front() == '\r')) {
      rest_.remove_prefix(1);
    }
  }

  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  absl::StatusOr<std::vector<std::string>> TakeStrings() {
    std::vector<std::string> texts;
    if (!Take('[')) return Malformed();
    if (Take(']')) return texts;
    do {
      SkipSpace();
      ASSIGN_OR_RETURN(texts.emplace_back(), TakeString());
    } while (Take(','));
    if (!Take(']')) return Malformed();
    return texts;
  }

  absl::Status TakeEscape(std::string* text) {
    if (rest_.empty()) return Malformed();
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const size_t at = kNames.find(kind); at != std::string_view::npos) {
      text->push_back(kValues[at]);
      return absl::OkStatus();
    }
    if (kind != 'u') return Malformed();
    ASSIGN_OR_RETURN(uint32_t code, TakeHex4());
    if (code >= 0xD800 && code < 0xDC00) {
      if (!TakeWord("\\u")) return Malformed();
      ASSIGN_OR_RETURN(const uint32_t low, TakeHex4());
      if (low < 0xDC00 || low > 0xDFFF) return Malformed();
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return Malformed();
    }
    AppendUtf8(code, text);
    return absl::OkStatus();
  }

  absl::StatusOr<uint32_t> TakeHex4() {
    if (rest_.size() < 4) return Malformed();
    uint32_t code = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    if (error != std::errc() || end != rest_.data() + 4) return Malformed();
    rest_.remove_prefix(4);
    return code;
  }

  std::string_view rest_;
};

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out->append(text.substr(done, i - done));
    done = i + 1;
    if (byte == '"' || byte == '\\') {
      out->push_back('\\');
      out->push_back(text[i]);
    } else {
      out->append("\\u00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 0xF]);
    }
  }
  out->append(text.substr(done));
  out->push_back('"');
}

void AppendJson(const Scalar& value, std::string* out) {
  if (const bool* flag = std::get_if<bool>(&value)) {
    out->append(*flag ? "true" : "false");
  } else if (const int64_t* number = std::get_if<int64_t>(&value)) {
    absl::StrAppend(out, *number);
  } else if (const std::string* text = std::get_if<std::string>(&value)) {
    AppendJsonString(*text, out);
  } else {
    char before = '[';
    for (const std::string& entry : std::get<std::vector<std::string>>(value)) {
      out->push_back(before);
      AppendJsonString(entry, out);
      before = ',';
    }
    if (before == '[') out->push_back('[');
    out->push_back(']');
  }
}

google::protobuf::Value ToProto(const Scalar& value) {
  google::protobuf::Value proto;
  if (const bool* flag = std::get_if<bool>(&value)) {
    proto.set_bool_value(*flag);
  } else if (const int64_t* number = std::get_if<int64_t>(&value)) {
    if (*number >= -kMaxExactInteger && *number <= kMaxExactInteger) {
      proto.set_number_value(static_cast<double>(*number));
    } else {
      proto.set_string_value(absl::StrCat(*number));
    }
  } else if (const std::string* text = std::get_if<std::string>(&value)) {
    proto.set_string_value(*text);
  } else {
    auto* list = proto.mutable_list_value();
    for (const std::string& entry : std::get<std::vector<std::string>>(value)) {
      list->add_values()->set_string_value(entry);
    }
  }
  return proto;
}

absl::StatusOr<Scalar> ParseScalar(std::string_view json) {
  Reader reader(json);
  ASSIGN_OR_RETURN(Scalar value, reader.TakeScalar());
  if (!reader.AtEnd()) return Malformed();
  return value;
}

absl::StatusOr<google::protobuf::Struct> ParseFlatObject(std::string_view json) {
  google::protobuf::Struct object;
  auto& fields = *object.mutable_fields();
  Reader reader(json);
  if (!reader.Take('{')) return Malformed();
  if (!reader.Take('}')) {
    do {
      ASSIGN_OR_RETURN(std::string key, reader.TakeString());
      if (!reader.Take(':')) return Malformed();
      ASSIGN_OR_RETURN(const Scalar value, reader.TakeScalar());
      fields[std::move(key)] = ToProto(value);
    } while (reader.Take(','));
    if (!reader.Take('}')) return Malformed();
  }
  if (!reader.AtEnd()) return Malformed();
  return object;
}

}  // namespace kasbah::tenantdata
