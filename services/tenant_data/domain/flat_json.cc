#include "services/tenant_data/domain/flat_json.h"

#include <charconv>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "libs/base/utf8.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Value;

// Beyond kJsonLimits, so that what was stored under a larger limit can still be read.
constexpr int kDeepest = 64;

absl::Status Malformed() { return absl::DataLossError("stored values are not a JSON object"); }

// Integers past kMaxExactInteger as strings of digits.
void SetInteger(int64_t number, Value* value) {
  if (number >= -kMaxExactInteger && number <= kMaxExactInteger) {
    value->set_number_value(static_cast<double>(number));
  } else {
    value->set_string_value(absl::StrCat(number));
  }
}

// Reads left to right; recursion is bounded by kDeepest.
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

  absl::Status TakeValue(int depth, Value* value) {
    SkipSpace();
    if (rest_.empty() || depth > kDeepest) return Malformed();
    if (rest_.front() == '"') {
      ASSIGN_OR_RETURN(*value->mutable_string_value(), TakeString());
      return absl::OkStatus();
    }
    if (rest_.front() == '[') return TakeList(depth + 1, value->mutable_list_value());
    if (rest_.front() == '{') return TakeObject(depth + 1, value->mutable_struct_value());
    if (TakeWord("true")) {
      value->set_bool_value(true);
    } else if (TakeWord("false")) {
      value->set_bool_value(false);
    } else if (TakeWord("null")) {
      value->set_null_value(google::protobuf::NULL_VALUE);
    } else {
      return TakeNumber(value);
    }
    return absl::OkStatus();
  }

  absl::Status TakeObject(int depth, google::protobuf::Struct* object) {
    if (!Take('{')) return Malformed();
    if (Take('}')) return absl::OkStatus();
    do {
      ASSIGN_OR_RETURN(const std::string key, TakeString());
      if (!Take(':')) return Malformed();
      RETURN_IF_ERROR(TakeValue(depth, &(*object->mutable_fields())[key]));
    } while (Take(','));
    return Take('}') ? absl::OkStatus() : Malformed();
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

  absl::Status TakeList(int depth, google::protobuf::ListValue* list) {
    if (!Take('[')) return Malformed();
    if (Take(']')) return absl::OkStatus();
    do {
      RETURN_IF_ERROR(TakeValue(depth, list->add_values()));
    } while (Take(','));
    return Take(']') ? absl::OkStatus() : Malformed();
  }

  // A number with a point is a JSON value's, one without of an integer field, or small enough to be
  // the same in both.
  absl::Status TakeNumber(Value* value) {
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("+-.0123456789eE"));
    const char* const end = digits.data() + digits.size();
    int64_t integer = 0;
    double number = 0;
    if (const auto read = std::from_chars(digits.data(), end, integer);
        read.ec == std::errc() && read.ptr == end) {
      SetInteger(integer, value);
    } else if (const auto real = std::from_chars(digits.data(), end, number);
               real.ec == std::errc() && real.ptr == end) {
      value->set_number_value(number);
    } else {
      return Malformed();
    }
    rest_.remove_prefix(digits.size());
    return absl::OkStatus();
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
  } else if (const JsonText* json = std::get_if<JsonText>(&value)) {
    out->append(json->text);
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

Value ToProto(const Scalar& value) {
  Value proto;
  if (const bool* flag = std::get_if<bool>(&value)) {
    proto.set_bool_value(*flag);
  } else if (const int64_t* number = std::get_if<int64_t>(&value)) {
    SetInteger(*number, &proto);
  } else if (const std::string* text = std::get_if<std::string>(&value)) {
    proto.set_string_value(*text);
  } else if (const JsonText* json = std::get_if<JsonText>(&value)) {
    // It was written by CanonicalJson.
    proto = *ParseStored(json->text);
  } else {
    auto* list = proto.mutable_list_value();
    for (const std::string& entry : std::get<std::vector<std::string>>(value)) {
      list->add_values()->set_string_value(entry);
    }
  }
  return proto;
}

absl::StatusOr<Value> ParseStored(std::string_view json) {
  Reader reader(json);
  Value value;
  RETURN_IF_ERROR(reader.TakeValue(0, &value));
  if (!reader.AtEnd()) return Malformed();
  return value;
}

absl::StatusOr<google::protobuf::Struct> ParseFlatObject(std::string_view json) {
  Reader reader(json);
  google::protobuf::Struct object;
  RETURN_IF_ERROR(reader.TakeObject(0, &object));
  if (!reader.AtEnd()) return Malformed();
  return object;
}

}  // namespace kasbah::tenantdata
