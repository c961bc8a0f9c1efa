#include "services/tenant_data/domain/rule_table.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/paired_index.h"

namespace kasbah::tenantdata {
namespace {

// Bytes that a compiled pattern may take, its automaton's cache included.
constexpr int64_t kPatternMemory = 256 * 1024;

}  // namespace

std::unique_ptr<const RE2> CompilePattern(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kPatternMemory);
  auto compiled =
      std::make_unique<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) return nullptr;
  return compiled;
}

FieldRule FieldRule::Of(const FieldDefinition& field) {
  FieldRule rule;
  rule.definition = field;
  if (!field.pattern.empty()) rule.pattern = CompilePattern(field.pattern);
  for (const std::string& choice : field.choices) {
    rule.choices.emplace(choice, rule.choices.size());
  }
  return rule;
}

absl::StatusOr<std::shared_ptr<const RuleTable>> RuleTable::Compile(
    CollectionDefinition collection) {
  std::shared_ptr<RuleTable> table(new RuleTable());
  table->rules_.reserve(collection.fields.size());
  for (const FieldDefinition& field : collection.fields) {
    FieldRule rule = FieldRule::Of(field);
    if (!field.pattern.empty() && rule.pattern == nullptr) {
      return absl::InternalError("a stored pattern does not compile");
    }
    table->by_key_.emplace(field.key, table->rules_.size());
    table->by_id_.emplace(field.id, table->rules_.size());
    table->rules_.push_back(std::move(rule));
  }
  ASSIGN_OR_RETURN(const std::vector<DeclaredPair> pairs, DeclaredPairs(collection));
  for (const DeclaredPair& pair : pairs) {
    const std::vector<std::string>& building = collection.fields[pair.field].building_orders;
    const bool is_building = std::find(building.begin(), building.end(),
                                       collection.fields[pair.order].key) != building.end();
    table->pairs_.push_back(
        {pair.id, &table->rules_[pair.field], &table->rules_[pair.order], is_building});
  }
  table->collection_ = std::move(collection);
  return std::shared_ptr<const RuleTable>(std::move(table));
}

const FieldRule* RuleTable::Find(std::string_view key) const {
  const auto found = by_key_.find(ToAbsl(key));
  return found == by_key_.end() ? nullptr : &rules_[found->second];
}

const FieldRule* RuleTable::Find(FieldId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &rules_[found->second];
}

}  // namespace kasbah::tenantdata
