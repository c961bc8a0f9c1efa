#include "services/tenant_data/rpc/record_change.h"

#include "libs/base/error.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/json_value.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;

// Equal for equal values, whatever the order of what they hold.
std::string TextOf(const Struct& values, const std::string& key) {
  const auto found = values.fields().find(key);
  return found == values.fields().end() ? "" : CanonicalJson(found->second).value_or("");
}

}  // namespace

absl::Status StaleEtag() {
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               "it changed since it was read; read it again and repeat the change");
}

SealedSizes SizesOf(const SealedValues& sealed) {
  SealedSizes sizes;
  for (const auto& [field, ciphertext] : sealed) sizes.emplace(field, ciphertext.size());
  return sizes;
}

std::vector<FieldId> RemoveNamed(const RuleTable& rules, const Struct& changes,
                                 SealedValues* sealed) {
  std::vector<FieldId> named;
  for (const auto& [key, value] : changes.fields()) {
    const FieldId field = rules.Find(key)->definition.id;
    named.push_back(field);
    sealed->erase(field);
  }
  return named;
}

void RemoveRetired(const RuleTable& rules, SealedValues* sealed, std::vector<FieldId>* named) {
  for (const FieldDefinition& field : rules.collection().retired) {
    sealed->erase(field.id);
    named->push_back(field.id);
  }
}

std::vector<std::string> ChangedKeys(const RuleTable& rules, const Struct& before,
                                     const SealedValues& sealed, const Struct& after,
                                     const Struct& changes) {
  std::vector<std::string> keys;
  for (const FieldRule& field : rules.fields()) {
    const FieldDefinition& definition = field.definition;
    const auto change = changes.fields().find(definition.key);
    if (change == changes.fields().end()) continue;
    const bool differs = definition.sealed
                             ? !change->second.has_null_value() || sealed.contains(definition.id)
                             : TextOf(before, definition.key) != TextOf(after, definition.key);
    if (differs) keys.push_back(definition.key);
  }
  return keys;
}

void ShowTakenOut(const payload::Report& stripped, const std::vector<v1::MovedValue>& moved,
                  v1::Record* record) {
  for (const std::string& path : stripped.paths) record->add_stripped_paths(path);
  for (const v1::MovedValue& value : moved) *record->add_moved() = value;
}

std::vector<std::string> FirstPaths(const payload::Report& stripped) {
  constexpr size_t kMost = 20;
  constexpr size_t kMostBytes = 4096;
  std::vector<std::string> paths;
  size_t bytes = 0;
  for (const std::string& path : stripped.paths) {
    bytes += path.size();
    if (paths.size() == kMost || bytes > kMostBytes) break;
    paths.push_back(path);
  }
  return paths;
}

void ShowUnsealed(const std::vector<Unsealed>& unsealed, Struct* values) {
  for (const Unsealed& value : unsealed) {
    (*values->mutable_fields())[value.key] = ToProto(value.scalar);
  }
}

}  // namespace kasbah::tenantdata
