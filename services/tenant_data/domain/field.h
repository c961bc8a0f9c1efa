#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
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
  kLongText,
  kRichText,
  kMultiChoice,
  kReference,
  kSecretReference,
  kFile,
  kJson,
};

// "text", "integer", …: as the database keeps it.
std::string_view FieldTypeName(FieldType type);
// kUnspecified for anything else.
FieldType ParseFieldType(std::string_view name);

// Whether what filters and unique values need of a field is there.
enum class IndexState { kReady, kBuilding, kConflicts };

struct FieldDefinition {
  FieldId id;
  std::string key;
  std::string display_name;
  FieldType type = FieldType::kUnspecified;
  bool required = false;
  bool unique = false;
  bool indexed = false;
  bool sealed = false;
  // Characters for text; entries for multiple choices; whole units for integers and decimals.
  std::optional<int64_t> min;
  std::optional<int64_t> max;
  std::string pattern;
  std::vector<std::string> choices;
  // Digits after the point of a decimal.
  int64_t scale = 0;
  std::optional<google::protobuf::Value> default_value;
  bool searchable = false;
  bool sensitive = false;
  // What a reference may name: nil for other types, and until the name was looked up.
  CollectionId reference;
  // Id or key of that collection as a request gives it.
  std::string reference_name;
  // Key of a group of the collection; empty: none.
  std::string group;
  // Keys of the fields in whose order lists of one value of this one have an index of their own
  // (paired_index.h), and those of them whose index is being built.
  std::vector<std::string> indexed_orders;
  std::vector<std::string> building_orders;
  // Counts the field's own changes.
  int64_t revision = 1;
  IndexState index_state = IndexState::kReady;
  std::vector<RecordId> conflicts;
};

struct GroupDefinition {
  FieldGroupId id;
  std::string key;
  std::string display_name;
  // Counts the group's own changes.
  int64_t revision = 1;
};

struct CollectionDefinition {
  CollectionId id;
  std::string key;
  std::string display_name;
  uint32_t schema_version = 1;
  // Counts every change: the etag.
  uint64_t revision = 1;
  absl::Time created;
  absl::Time updated;
  std::optional<absl::Time> deleted;
  std::vector<FieldDefinition> fields;
  std::vector<GroupDefinition> groups;
  // Fields that it once had, so that nothing else takes their keys.
  std::vector<FieldDefinition> retired;
};

inline constexpr int64_t kMaxScale = 9;
inline constexpr size_t kMaxFields = 1000;
inline constexpr size_t kMaxGroups = 100;
// Of a collection: each is a row more for a record that has both values.
inline constexpr size_t kMaxIndexedOrders = 32;

// A name of a collection, a group or a field: [a-z][a-z0-9_]{0,62}.
bool IsKey(std::string_view text);

}  // namespace kasbah::tenantdata
