#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

enum class FieldType {
  kUnspecified,
  kText,
  kInteger,
  kDecimal,
  kBoolean,
  kDate,
  kTimestamp,
  kChoice,
  kEmail,
  kUrl,
};

// "text", "integer", …: as the database keeps it.
std::string_view FieldTypeName(FieldType type);
// kUnspecified for anything else.
FieldType ParseFieldType(std::string_view name);

struct FieldDefinition {
  FieldId id;
  std::string key;
  std::string display_name;
  FieldType type = FieldType::kUnspecified;
  bool required = false;
  bool unique = false;
  bool indexed = false;
  bool sealed = false;
  // Characters for text; whole units for integers and decimals.
  std::optional<int64_t> min;
  std::optional<int64_t> max;
  std::string pattern;
  std::vector<std::string> choices;
  // Digits after the point of a decimal.
  int64_t scale = 0;
  // Of a sealed field: found by exact value through a blind index.
  bool searchable = false;
};

struct CollectionDefinition {
  CollectionId id;
  std::string key;
  std::string display_name;
  uint32_t schema_version = 1;
  absl::Time created;
  std::vector<FieldDefinition> fields;
};

inline constexpr int64_t kMaxScale = 9;
inline constexpr size_t kMaxFields = 500;

// A name of a collection or a field: [a-z][a-z0-9_]{0,62}.
bool IsKey(std::string_view text);

// Everything that is wrong with the fields of a new collection, with paths as fields[2].pattern.
// Empty: they can be compiled (rule_table.h).
std::vector<Violation> CheckFields(const std::vector<FieldDefinition>& fields);

}  // namespace kasbah::tenantdata
