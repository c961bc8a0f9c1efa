#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {

// Null when RE2 does not take `pattern` or its program would pass 256 KiB. Matching takes time
// linear in the text whatever the pattern.
std::unique_ptr<const RE2> CompilePattern(std::string_view pattern);

// A field as values are checked against it.
struct FieldRule {
  // Without a pattern when RE2 does not take it.
  static FieldRule Of(const FieldDefinition& field);

  FieldDefinition definition;
  // Null: no pattern.
  std::unique_ptr<const RE2> pattern;
  // Each with its position.
  absl::flat_hash_map<std::string, size_t> choices;
};

// Two fields that have an index together (paired_index.h).
struct PairRule {
  FieldId id;
  const FieldRule* field;
  const FieldRule* order;
  bool is_building = false;
};

// One schema version of a collection, compiled once and shared by all calls. Immutable.
class RuleTable {
 public:
  // INTERNAL when the definition could not have passed CheckDefinition.
  static absl::StatusOr<std::shared_ptr<const RuleTable>> Compile(CollectionDefinition collection);

  CollectionId collection_id() const { return collection_.id; }
  uint32_t schema_version() const { return collection_.schema_version; }
  const CollectionDefinition& collection() const { return collection_; }
  // In the order of the definition; none that is retired.
  const std::vector<FieldRule>& fields() const { return rules_; }
  // Null when the collection has no such field.
  const FieldRule* Find(std::string_view key) const;
  const FieldRule* Find(FieldId id) const;
  const std::vector<PairRule>& pairs() const { return pairs_; }

 private:
  RuleTable() = default;

  CollectionDefinition collection_;
  std::vector<FieldRule> rules_;
  absl::flat_hash_map<std::string, size_t> by_key_;
  absl::flat_hash_map<FieldId, size_t> by_id_;
  std::vector<PairRule> pairs_;
};

}  // namespace kasbah::tenantdata
