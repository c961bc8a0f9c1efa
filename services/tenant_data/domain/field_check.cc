#include "services/tenant_data/domain/field_check.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kMaxChoices = 500;
constexpr size_t kMaxChoiceBytes = 200;
constexpr size_t kMaxPatternBytes = 500;
constexpr size_t kMaxDisplayNameBytes = 200;
// A blind index over fewer different values than these tells too much by which are equal.
constexpr __int128 kMinSearchableNumbers = 1'000'000;
constexpr int64_t kMinSearchableCharacters = 6;
constexpr std::string_view kFewValues =
    "cannot be had of a field with few possible values: equal ones show";

// Instructions of all patterns of a collection together, which stay in memory compiled.
constexpr int64_t kMaxPatternProgram = 50'000;

constexpr std::string_view kKeyRule =
    "must be 1 to 63 lower-case letters, digits and underscores, a letter first";

// Collects what is wrong with one field.
class FieldCheck {
 public:
  FieldCheck(size_t index, const FieldDefinition& field,
             const absl::flat_hash_set<std::string_view>& groups, int64_t* program,
             std::vector<Violation>* violations)
      : prefix_(StrCat("fields[", index, "].")),
        field_(field),
        groups_(groups),
        program_(program),
        violations_(violations) {}

  void Run() {
    const size_t before = violations_->size();
    if (!IsKey(field_.key)) Refuse("key", kKeyRule);
    if (field_.display_name.size() > kMaxDisplayNameBytes) Refuse("display_name", "is too long");
    if (field_.type == FieldType::kUnspecified) Refuse("type", "must be given");
    if (!field_.group.empty() && !groups_.contains(field_.group)) {
      Refuse("group", "is no group of the collection");
    }
    CheckBounds();
    CheckPattern();
    CheckChoices();
    CheckScale();
    CheckReference();
    CheckIndex();
    CheckSealed();
    CheckSearchable();
    // Only what is right so far can say whether a value is.
    if (violations_->size() == before) CheckDefault();
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
    const bool counted = IsOneOf(
        {FieldType::kText, FieldType::kLongText, FieldType::kRichText, FieldType::kMultiChoice});
    const bool bounded = counted || IsOneOf({FieldType::kInteger, FieldType::kDecimal});
    if (!bounded && field_.min) Refuse("min", "is for texts, multiple choices and numbers");
    if (!bounded && field_.max) Refuse("max", "is for texts, multiple choices and numbers");
    if (counted && field_.min.value_or(0) < 0) {
      Refuse("min", "must not be negative: it counts characters or entries");
    }
    if (counted && field_.max.value_or(1) < 1) {
      Refuse("max", "must be positive: it counts characters or entries");
    }
    if (field_.min && field_.max && *field_.min > *field_.max) {
      Refuse("max", "must not be below min");
    }
  }

  void CheckPattern() {
    if (field_.pattern.empty()) return;
    if (!IsOneOf({FieldType::kText, FieldType::kLongText, FieldType::kEmail, FieldType::kUrl})) {
      Refuse("pattern", "is for text, e-mail addresses and URLs");
    } else if (field_.pattern.size() > kMaxPatternBytes) {
      Refuse("pattern", "is longer than 500 bytes");
    } else if (const auto compiled = CompilePattern(field_.pattern); compiled == nullptr) {
      Refuse("pattern", "is not a regular expression that RE2 takes, or needs too much memory");
    } else {
      *program_ += compiled->ProgramSize();
      if (*program_ > kMaxPatternProgram) {
        Refuse("pattern", "makes the collection's patterns too large together");
      }
    }
  }

  void CheckChoices() {
    if (!IsOneOf({FieldType::kChoice, FieldType::kMultiChoice})) {
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

  void CheckReference() {
    const bool named = !field_.reference_name.empty() || !field_.reference.is_nil();
    if (field_.type == FieldType::kReference) {
      if (!named) Refuse("reference_collection", "must be given");
    } else if (named) {
      Refuse("reference_collection", "is for references");
    }
  }

  void CheckIndex() {
    if (!IsOneOf({FieldType::kLongText, FieldType::kRichText, FieldType::kMultiChoice,
                  FieldType::kJson})) {
      return;
    }
    constexpr std::string_view kWhy = "cannot be had of long texts, multiple choices and JSON";
    if (field_.unique) Refuse("unique", kWhy);
    if (field_.indexed) Refuse("indexed", kWhy);
  }

  void CheckSealed() {
    if (!field_.sealed) return;
    if (field_.unique)
      Refuse("unique", "cannot be had of a sealed field: its value is unknown here");
    if (field_.indexed)
      Refuse("indexed", "cannot be had of a sealed field: its value is unknown here");
    if (field_.default_value) {
      Refuse("default_value", "cannot be had of a sealed field: it would stand in the clear");
    }
    if (IsOneOf({FieldType::kLongText, FieldType::kRichText})) {
      Refuse("sealed", "cannot be had of long and rich texts: the vault seals up to 64 KiB");
    }
    if (IsOneOf({FieldType::kReference, FieldType::kSecretReference, FieldType::kFile})) {
      Refuse("sealed", "cannot be had of references: what they name would be unknown here");
    }
  }

  void CheckSearchable() {
    if (!field_.searchable) return;
    if (!field_.sealed) {
      return Refuse("searchable", "is for sealed fields; others can be indexed");
    }
    if (field_.type == FieldType::kJson) {
      return Refuse("searchable", "cannot be had of JSON: equal values are written in many ways");
    }
    if (IsOneOf({FieldType::kBoolean, FieldType::kChoice, FieldType::kMultiChoice})) {
      return Refuse("searchable", kFewValues);
    }
    if (field_.type == FieldType::kDate) {
      return Refuse("searchable",
                    "cannot be had of dates: a life has some 30,000, and equal ones show");
    }
    if (IsOneOf({FieldType::kInteger, FieldType::kDecimal})) CheckSearchableNumber();
    if (field_.type == FieldType::kText) CheckSearchableText();
  }

  void CheckSearchableNumber() {
    if (!field_.min || !field_.max) {
      return Refuse("searchable",
                    "needs a min and a max with a million numbers between them: equal ones show");
    }
    __int128 unit = 1;
    for (int64_t digit = 0; digit < field_.scale; ++digit) unit *= 10;
    if ((__int128{*field_.max} - *field_.min + 1) * unit < kMinSearchableNumbers) {
      Refuse("searchable", kFewValues);
    }
  }

  void CheckSearchableText() {
    if (field_.max.value_or(kMinSearchableCharacters) < kMinSearchableCharacters) {
      return Refuse("searchable", kFewValues);
    }
    // A pattern does not say how many texts it takes; that none of them is short, min does.
    if (!field_.pattern.empty() && field_.min.value_or(0) < kMinSearchableCharacters) {
      Refuse("searchable",
             "needs a min of 6 characters or more beside a pattern: equal values show");
    }
  }

  void CheckDefault() {
    if (!field_.default_value) return;
    if (field_.unique) return Refuse("default_value", "cannot be had of a unique field");
    if (IsOneOf({FieldType::kReference, FieldType::kSecretReference, FieldType::kFile})) {
      return Refuse("default_value", "cannot be had of references");
    }
    std::vector<Fault> faults;
    const auto typed = CheckValue(FieldRule::Of(field_), *field_.default_value, &faults);
    if (typed && typed->stripped.count > 0) {
      Refuse("default_value", "has members whose names say that they are secrets");
    }
    for (const Fault& fault : faults) Refuse("default_value", fault.description);
  }

  const std::string prefix_;
  const FieldDefinition& field_;
  const absl::flat_hash_set<std::string_view>& groups_;
  // Of the patterns so far.
  int64_t* program_;
  std::vector<Violation>* violations_;
};

absl::flat_hash_set<std::string_view> CheckGroups(const std::vector<GroupDefinition>& groups,
                                                  std::vector<Violation>* violations) {
  if (groups.size() > kMaxGroups) violations->push_back({"groups", "are more than 100", ""});
  absl::flat_hash_set<std::string_view> keys;
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::string prefix = StrCat("groups[", i, "].");
    if (!IsKey(groups[i].key)) {
      violations->push_back({StrCat(prefix, "key"), std::string(kKeyRule), ""});
    }
    if (groups[i].display_name.size() > kMaxDisplayNameBytes) {
      violations->push_back({StrCat(prefix, "display_name"), "is too long", ""});
    }
    if (!keys.insert(groups[i].key).second) {
      violations->push_back({StrCat(prefix, "key"), "is another group's key", ""});
    }
  }
  return keys;
}

// Of what FieldCheck does not see alone: other fields.
void CheckIndexedOrders(const std::vector<FieldDefinition>& fields,
                        std::vector<Violation>* violations) {
  absl::flat_hash_set<std::string_view> indexed;
  for (const FieldDefinition& field : fields) {
    if (field.indexed) indexed.insert(field.key);
  }
  size_t count = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    const FieldDefinition& field = fields[i];
    count += field.indexed_orders.size();
    const auto refuse = [&](const std::string& path, std::string_view description) {
      violations->push_back(
          {StrCat("fields[", i, "].indexed_orders", path), std::string(description), ""});
    };
    if (!field.indexed && !field.indexed_orders.empty()) refuse("", "is for indexed fields");
    absl::flat_hash_set<std::string_view> seen;
    for (size_t j = 0; j < field.indexed_orders.size(); ++j) {
      const std::string& key = field.indexed_orders[j];
      const std::string path = StrCat("[", j, "]");
      if (key == field.key || !indexed.contains(key)) {
        refuse(path, "must be the key of another indexed field");
      } else if (!seen.insert(key).second) {
        refuse(path, "is there already");
      }
    }
    const bool is_past = count > kMaxIndexedOrders;
    if (is_past && count - field.indexed_orders.size() <= kMaxIndexedOrders) {
      refuse("", "are more than 32 in the collection together");
    }
  }
}

}  // namespace

std::vector<Violation> CheckDefinition(const CollectionDefinition& collection) {
  std::vector<Violation> violations;
  if (!IsKey(collection.key)) violations.push_back({"key", std::string(kKeyRule), ""});
  const std::vector<FieldDefinition>& fields = collection.fields;
  if (fields.empty()) violations.push_back({"fields", "must not be empty", ""});
  if (fields.size() > kMaxFields) {
    violations.push_back({"fields", "are more than 1,000", ""});
    return violations;
  }
  const absl::flat_hash_set<std::string_view> groups = CheckGroups(collection.groups, &violations);
  absl::flat_hash_set<std::string_view> keys;
  int64_t program = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    FieldCheck(i, fields[i], groups, &program, &violations).Run();
    if (!keys.insert(fields[i].key).second) {
      violations.push_back({StrCat("fields[", i, "].key"), "is another field's key", ""});
    }
  }
  CheckIndexedOrders(fields, &violations);
  return violations;
}

}  // namespace kasbah::tenantdata
