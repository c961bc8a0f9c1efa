#include "services/tenant_data/domain/field.h"

#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {
namespace {

constexpr auto kNames = std::to_array<std::pair<FieldType, std::string_view>>({
    {FieldType::kText, "text"},
    {FieldType::kInteger, "integer"},
    {FieldType::kDecimal, "decimal"},
    {FieldType::kBoolean, "boolean"},
    {FieldType::kDate, "date"},
    {FieldType::kTimestamp, "timestamp"},
    {FieldType::kChoice, "choice"},
    {FieldType::kEmail, "email"},
    {FieldType::kUrl, "url"},
});

constexpr size_t kMaxChoices = 500;
constexpr size_t kMaxChoiceBytes = 200;
constexpr size_t kMaxPatternBytes = 500;
constexpr size_t kMaxDisplayNameBytes = 200;

// Collects what is wrong with one field.
class FieldCheck {
 public:
  FieldCheck(size_t index, const FieldDefinition& field, std::vector<Violation>* violations)
      : prefix_(StrCat("fields[", index, "].")), field_(field), violations_(violations) {}

  void Run() {
    if (!IsKey(field_.key)) {
      Refuse("key", "must be 1 to 63 lower-case letters, digits and underscores, a letter first");
    }
    if (field_.display_name.size() > kMaxDisplayNameBytes) Refuse("display_name", "is too long");
    if (field_.type == FieldType::kUnspecified) Refuse("type", "must be given");
    CheckBounds();
    CheckPattern();
    CheckChoices();
    CheckScale();
    CheckSealed();
  }

 private:
  void Refuse(std::string_view name, std::string_view description) {
    violations_->push_back({StrCat(prefix_, name), std::string(description), ""});
  }

  bool IsOneOf(std::initializer_list<FieldType> types) const {
    for (FieldType type : types) {
      if (field_.type == type) return true;
    }
    return false;
  }

  void CheckBounds() {
    const bool bounded = IsOneOf({FieldType::kText, FieldType::kInteger, FieldType::kDecimal});
    if (!bounded && field_.min) Refuse("min", "is for text, integers and decimals");
    if (!bounded && field_.max) Refuse("max", "is for text, integers and decimals");
    if (field_.type == FieldType::kText && field_.min.value_or(0) < 0) {
      Refuse("min", "must not be negative: it counts characters");
    }
    if (field_.type == FieldType::kText && field_.max.value_or(1) < 1) {
      Refuse("max", "must be positive: it counts characters");
    }
    if (field_.min && field_.max && *field_.min > *field_.max)
      Refuse("max", "must not be below min");
  }

  void CheckPattern() {
    if (field_.pattern.empty()) return;
    if (!IsOneOf({FieldType::kText, FieldType::kEmail, FieldType::kUrl})) {
      Refuse("pattern", "is for text, e-mail addresses and URLs");
    } else if (field_.pattern.size() > kMaxPatternBytes) {
      Refuse("pattern", "is longer than 500 bytes");
    } else if (CompilePattern(field_.pattern) == nullptr) {
      Refuse("pattern", "is not a regular expression that RE2 takes, or needs too much memory");
    }
  }

  void CheckChoices() {
    if (field_.type != FieldType::kChoice) {
      if (!field_.choices.empty()) Refuse("choices", "are for fields of type choice");
      return;
    }
    if (field_.choices.empty()) Refuse("choices", "must not be empty");
    if (field_.choices.size() > kMaxChoices) Refuse("choices", "are more than 500");
    absl::flat_hash_set<std::string_view> seen;
    for (const std::string& choice : field_.choices) {
      if (choice.empty() || choice.size() > kMaxChoiceBytes) {
        return Refuse("choices", "must each have 1 to 200 bytes");
      }
      if (choice.find('\0') != std::string::npos) {
        return Refuse("choices", "must not hold the character U+0000");
      }
      if (!seen.insert(choice).second) return Refuse("choices", "must differ from each other");
    }
  }

  void CheckScale() {
    if (field_.type != FieldType::kDecimal && field_.scale != 0) Refuse("scale", "is for decimals");
    if (field_.scale < 0 || field_.scale > kMaxScale) Refuse("scale", "must be 0 to 9");
  }

  void CheckSealed() {
    if (field_.searchable && !field_.sealed) Refuse("searchable", "is for sealed fields");
    if (field_.searchable && IsOneOf({FieldType::kBoolean, FieldType::kChoice, FieldType::kDate})) {
      Refuse("searchable", "would give away which of few values a record has");
    }
    if (!field_.sealed) return;
    if (field_.unique)
      Refuse("unique", "cannot be had of a sealed field: its value is unknown here");
    if (field_.indexed)
      Refuse("indexed", "cannot be had of a sealed field: its value is unknown here");
  }

  const std::string prefix_;
  const FieldDefinition& field_;
  std::vector<Violation>* violations_;
};

}  // namespace

std::string_view FieldTypeName(FieldType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return name;
  }
  return "";
}

FieldType ParseFieldType(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  return FieldType::kUnspecified;
}

bool IsKey(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (!absl::ascii_islower(static_cast<unsigned char>(text[0]))) return false;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '_') return false;
  }
  return true;
}

std::vector<Violation> CheckFields(const std::vector<FieldDefinition>& fields) {
  std::vector<Violation> violations;
  if (fields.empty()) violations.push_back({"fields", "must not be empty", ""});
  if (fields.size() > kMaxFields) {
    violations.push_back({"fields", "are more than 500", ""});
    return violations;
  }
  absl::flat_hash_set<std::string_view> keys;
  for (size_t i = 0; i < fields.size(); ++i) {
    FieldCheck(i, fields[i], &violations).Run();
    if (!keys.insert(fields[i].key).second) {
      violations.push_back({StrCat("fields[", i, "].key"), "is another field's key", ""});
    }
  }
  return violations;
}

}  // namespace kasbah::tenantdata
