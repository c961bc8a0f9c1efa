#include "services/tenant_data/domain/value.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/decimal.h"
#include "services/tenant_data/domain/json_value.h"
#include "services/tenant_data/domain/rich_text.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Value;

re2::StringPiece ToPiece(std::string_view text) { return {text.data(), text.size()}; }

bool Matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch(ToPiece(text), pattern);
}

int64_t CountCharacters(std::string_view text) {
  int64_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// Checks one value against one field.
class Check {
 public:
  Check(const FieldRule& rule, const Value& value, std::vector<Fault>* faults, ParsingTime* time)
      : rule_(rule), field_(rule.definition), value_(value), faults_(faults), time_(time) {}

  std::optional<TypedValue> Run() {
    const size_t before = faults_->size();
    switch (field_.type) {
      case FieldType::kText:
        Text();
        break;
      case FieldType::kEmail:
        Email();
        break;
      case FieldType::kUrl:
        Url();
        break;
      case FieldType::kChoice:
        Choice();
        break;
      case FieldType::kInteger:
        Integer();
        break;
      case FieldType::kDecimal:
        Decimal();
        break;
      case FieldType::kBoolean:
        Boolean();
        break;
      case FieldType::kDate:
        Date();
        break;
      case FieldType::kTimestamp:
        Timestamp();
        break;
      case FieldType::kLongText:
        Text();
        break;
      case FieldType::kRichText:
        RichText();
        break;
      case FieldType::kMultiChoice:
        MultiChoice();
        break;
      case FieldType::kReference:
        Id<RecordId>("the id of a record, rec_…");
        break;
      case FieldType::kSecretReference:
        Id<SecretId>("the id of a secret, sec_…");
        break;
      case FieldType::kFile:
        Id<FileId>("the id of a file, fil_…");
        break;
      case FieldType::kJson:
        Json();
        break;
      case FieldType::kUnspecified:
        Refuse("TYPE", "the field has no type");
        break;
    }
    if (faults_->size() != before) return std::nullopt;
    return std::move(typed_);
  }

 private:
  void Refuse(std::string_view rule, std::string description) {
    faults_->push_back({rule, std::move(description)});
  }

  // The value's text when it is a string that can be kept at all.
  const std::string* TakeText(std::string_view expected) {
    if (value_.kind_case() != Value::kStringValue) {
      Refuse("TYPE", StrCat("must be ", expected));
      return nullptr;
    }
    const std::string& text = value_.string_value();
    if (text.find('\0') != std::string::npos) {
      Refuse("TYPE", "must not hold the character U+0000");
      return nullptr;
    }
    return IsShortEnough(text) ? &text : nullptr;
  }

  bool IsShortEnough(const std::string& text) {
    size_t longest = kMaxTextBytes;
    if (field_.indexed || field_.unique) longest = kMaxIndexedBytes;
    if (field_.type == FieldType::kLongText || field_.type == FieldType::kRichText) {
      longest = kMaxLongTextBytes;
    }
    if (text.size() <= longest) return true;
    Refuse("MAX", absl::StrCat("must have at most ", longest, " bytes"));
    return false;
  }

  void KeepText(std::string text) {
    if (field_.indexed || field_.unique) typed_.key.text = text;
    typed_.scalar = std::move(text);
  }

  void CheckPattern(const std::string& text) {
    if (rule_.pattern != nullptr && !Matches(text, *rule_.pattern)) {
      Refuse("PATTERN", StrCat("must match ", field_.pattern));
    }
  }

  void Text() {
    const std::string* text = TakeText("a string");
    if (text == nullptr) return;
    CheckCount(CountCharacters(*text), "characters");
    CheckPattern(*text);
    KeepText(*text);
  }

  void RichText() {
    const std::string* html = TakeText("HTML");
    if (html == nullptr) return;
    std::optional<SanitisedHtml> sanitised = SanitiseHtml(*html, time_);
    if (!sanitised && time_->left() == 0) {
      return Refuse("TYPE", "is or comes after more tangled HTML than one request may bring");
    }
    if (!sanitised) return Refuse("TYPE", "is HTML too deep or too tangled to be kept");
    if (!IsShortEnough(sanitised->html)) return;
    CheckCount(CountCharacters(sanitised->text), "characters");
    typed_.scalar = std::move(sanitised->html);
  }

  void CheckCount(int64_t count, std::string_view what) {
    if (field_.min && count < *field_.min) {
      Refuse("MIN", StrCat("must have at least ", *field_.min, " ", what));
    }
    if (field_.max && count > *field_.max) {
      Refuse("MAX", StrCat("must have at most ", *field_.max, " ", what));
    }
  }

  template <typename IdType>
  void Id(std::string_view expected) {
    const std::string* text = TakeText(expected);
    if (text == nullptr) return;
    const absl::StatusOr<IdType> id = IdType::Parse(*text);
    if (!id.ok()) return Refuse("TYPE", StrCat("must be ", expected));
    KeepText(id->ToString());
  }

  void Email() {
    // What HTML's e-mail input takes, with at least two labels in the domain.
    static const auto* const address =
        new RE2(R"re([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@)re"
                R"re([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)re"
                R"re((?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+)re");
    const std::string* text = TakeText("an e-mail address");
    if (text == nullptr) return;
    if (text->size() > 254 || !Matches(*text, *address))
      return Refuse("TYPE", "must be an e-mail address");
    CheckPattern(*text);
    KeepText(*text);
  }

  void Url() {
    // http and https with a host, no user information, printable ASCII.
    static const auto* const url =
        new RE2(R"re(https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]))re"
                R"re((?::[0-9]{1,5})?(?:[/?#][!-~]*)?)re");
    const std::string* text = TakeText("a URL");
    if (text == nullptr) return;
    if (text->size() > 2048 || !Matches(*text, *url)) {
      return Refuse("TYPE", "must be an http or https URL");
    }
    CheckPattern(*text);
    KeepText(*text);
  }

  void Choice() {
    const std::string* text = TakeText("one of the field's choices");
    if (text == nullptr) return;
    if (!rule_.choices.contains(*text))
      return Refuse("CHOICE", "must be one of the field's choices");
    KeepText(*text);
  }

  void MultiChoice() {
    if (value_.kind_case() != Value::kListValue) {
      return Refuse("TYPE", "must be a list of the field's choices");
    }
    // By position, so that equal sets are equal lists.
    std::vector<size_t> chosen;
    for (const Value& entry : value_.list_value().values()) {
      const auto found = entry.kind_case() == Value::kStringValue
                             ? rule_.choices.find(entry.string_value())
                             : rule_.choices.end();
      if (found == rule_.choices.end()) {
        return Refuse("CHOICE", "must hold nothing but the field's choices");
      }
      chosen.push_back(found->second);
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    CheckCount(static_cast<int64_t>(chosen.size()), "entries");
    std::vector<std::string> texts;
    for (const size_t position : chosen) texts.push_back(field_.choices[position]);
    typed_.scalar = std::move(texts);
  }

  void Integer() {
    int64_t number = 0;
    if (value_.kind_case() == Value::kNumberValue) {
      const double given = value_.number_value();
      if (!(std::abs(given) <= static_cast<double>(kMaxExactInteger)) ||
          given != std::trunc(given)) {
        return Refuse("TYPE", "must be a whole number; past 2^53 - 1 as a string of digits");
      }
      number = static_cast<int64_t>(given);
    } else if (value_.kind_case() != Value::kStringValue ||
               ParseDecimal(value_.string_value(), 0, &number) != DecimalFault::kNone) {
      return Refuse("TYPE", "must be a whole number of 64 bits");
    }
    CheckBounds(number, 1);
    if (field_.indexed || field_.unique) typed_.key.integer = number;
    typed_.scalar = number;
  }

  void Decimal() {
    std::string text;
    if (value_.kind_case() == Value::kNumberValue && std::isfinite(value_.number_value())) {
      text = FormatDouble(value_.number_value());
    } else if (value_.kind_case() == Value::kStringValue) {
      text = value_.string_value();
    }
    int64_t scaled = 0;
    switch (ParseDecimal(text, field_.scale, &scaled)) {
      case DecimalFault::kForm:
        return Refuse("TYPE", "must be a decimal number");
      case DecimalFault::kPrecision:
        return Refuse("TYPE",
                      absl::StrCat("must have at most ", field_.scale, " digits after the point"));
      case DecimalFault::kRange:
        return Refuse("TYPE", "must fit into 64 bits with its digits after the point");
      case DecimalFault::kNone:
        break;
    }
    CheckBounds(scaled, PowerOfTen(field_.scale));
    if (field_.indexed || field_.unique) typed_.key.integer = scaled;
    typed_.scalar = FormatDecimal(scaled, field_.scale);
  }

  void CheckBounds(int64_t number, int64_t unit) {
    if (field_.min && __int128{number} < __int128{*field_.min} * unit) {
      Refuse("MIN", absl::StrCat("must be at least ", *field_.min));
    }
    if (field_.max && __int128{number} > __int128{*field_.max} * unit) {
      Refuse("MAX", absl::StrCat("must be at most ", *field_.max));
    }
  }

  void Boolean() {
    if (value_.kind_case() != Value::kBoolValue) return Refuse("TYPE", "must be true or false");
    if (field_.indexed || field_.unique) typed_.key.integer = value_.bool_value() ? 1 : 0;
    typed_.scalar = value_.bool_value();
  }

  void Date() {
    static const auto* const form = new RE2(R"re(([0-9]{4})-([0-9]{2})-([0-9]{2}))re");
    const std::string* text = TakeText("a date as 2006-01-31");
    if (text == nullptr) return;
    int year = 0;
    int month = 0;
    int day = 0;
    const bool formed = RE2::FullMatch(ToPiece(*text), *form, &year, &month, &day);
    // A civil day normalises what no calendar has, such as the 30th of February.
    const absl::CivilDay civil(year, month, day);
    if (!formed || civil.month() != month || civil.day() != day) {
      return Refuse("TYPE", "must be a date as 2006-01-31");
    }
    KeepText(*text);
  }

  void Timestamp() {
    static const auto* const form =
        new RE2(R"re([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)re"
                R"re((?:[Zz]|[+-][0-9]{2}:[0-9]{2}))re");
    const std::string* text = TakeText("a time as 2006-01-31T15:04:05Z");
    if (text == nullptr) return;
    absl::Time time;
    std::string error;
    if (!Matches(*text, *form) ||
        !absl::ParseTime(absl::RFC3339_full, absl::AsciiStrToUpper(*text), &time, &error)) {
      return Refuse("TYPE", "must be a time as 2006-01-31T15:04:05Z");
    }
    time = absl::FromUnixMicros(absl::ToUnixMicros(time));
    typed_.scalar = absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
    if (field_.indexed || field_.unique) typed_.key.time = time;
  }

  void Json() {
    Value value = value_;
    absl::StatusOr<payload::Report> stripped = payload::Strip(&value, kJsonLimits);
    if (!stripped.ok()) {
      return Refuse("MAX", absl::StrCat("must be at most ", kJsonLimits.max_depth,
                                        " objects and arrays deep, and have at most ",
                                        kJsonLimits.max_values, " members and elements"));
    }
    absl::StatusOr<std::string> text = CanonicalJson(value);
    if (!text.ok()) return Refuse("TYPE", std::string(FromAbsl(text.status().message())));
    const size_t longest = field_.sealed ? kMaxSealedJsonBytes : kMaxJsonBytes;
    if (text->size() > longest) {
      return Refuse("MAX", absl::StrCat("must have at most ", longest, " bytes as JSON"));
    }
    typed_.scalar = JsonText{*std::move(text)};
    typed_.stripped = *std::move(stripped);
  }

  const FieldRule& rule_;
  const FieldDefinition& field_;
  const Value& value_;
  std::vector<Fault>* faults_;
  ParsingTime* time_;
  TypedValue typed_;
};

}  // namespace

std::optional<TypedValue> CheckValue(const FieldRule& field, const Value& value,
                                     std::vector<Fault>* faults, ParsingTime* time) {
  return Check(field, value, faults, time).Run();
}

std::optional<TypedValue> CheckValue(const FieldRule& field, const Value& value,
                                     std::vector<Fault>* faults) {
  ParsingTime time;
  return CheckValue(field, value, faults, &time);
}

}  // namespace kasbah::tenantdata
