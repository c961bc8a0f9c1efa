#include "services/tenant_data/store/collection_rows.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/paired_index.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsertField{
    "fields.insert",
    "INSERT INTO tenant_data.fields (tenant_id, collection_id, schema_version, field_id, position, "
    "key, display_name, type, is_required, is_unique, is_indexed, is_sealed, min_value, max_value, "
    "pattern, choices, scale, default_value, is_searchable, is_sensitive, reference_collection, "
    "group_key, is_retired, revision, indexed_orders) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
    "$20, $21, $22, $23, $24, $25)",
    Access::kWrite};

constexpr Statement kInsertGroup{
    "field_groups.insert",
    "INSERT INTO tenant_data.field_groups (tenant_id, collection_id, schema_version, group_id, "
    "position, key, display_name, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    Access::kWrite};

IndexState StateOf(const std::optional<std::string>& state) {
  if (state == "building") return IndexState::kBuilding;
  return state == "conflicts" ? IndexState::kConflicts : IndexState::kReady;
}

absl::StatusOr<FieldDefinition> ReadField(const Row& row) {
  FieldDefinition field;
  field.id = row.Get<FieldId>(8);
  field.key = row.Get<std::string>(9);
  field.display_name = row.Get<std::string>(10);
  field.type = ParseFieldType(row.Get<std::string>(11));
  field.required = row.Get<bool>(12);
  field.unique = row.Get<bool>(13);
  field.indexed = row.Get<bool>(14);
  field.sealed = row.Get<bool>(15);
  field.min = row.Get<std::optional<int64_t>>(16);
  field.max = row.Get<std::optional<int64_t>>(17);
  field.pattern = row.Get<std::string>(18);
  field.choices = row.Get<std::vector<std::string>>(19);
  field.scale = row.Get<int64_t>(20);
  if (const auto json = row.Get<std::optional<std::string>>(21)) {
    ASSIGN_OR_RETURN(field.default_value, ParseStored(*json));
  }
  field.searchable = row.Get<bool>(22);
  field.sensitive = row.Get<bool>(23);
  field.reference = row.Get<std::optional<CollectionId>>(24).value_or(CollectionId());
  field.group = row.Get<std::string>(25);
  field.revision = row.Get<int64_t>(27);
  if (field.indexed || field.unique) {
    field.index_state = StateOf(row.Get<std::optional<std::string>>(28));
    field.conflicts =
        row.Get<std::optional<std::vector<RecordId>>>(29).value_or(std::vector<RecordId>());
  }
  field.indexed_orders = row.Get<std::vector<std::string>>(30);
  return field;
}

// Which of a collection's pairs are among what is being built.
absl::Status ReadBuilding(const std::vector<FieldId>& building, CollectionDefinition* collection) {
  ASSIGN_OR_RETURN(const std::vector<DeclaredPair> pairs, DeclaredPairs(*collection));
  const absl::flat_hash_set<FieldId> ids(building.begin(), building.end());
  std::vector<FieldDefinition>& fields = collection->fields;
  for (const DeclaredPair& pair : pairs) {
    if (!ids.contains(pair.id)) continue;
    fields[pair.field].building_orders.push_back(fields[pair.order].key);
  }
  return absl::OkStatus();
}

// The default in canonical form, as JSON. It was found valid before.
std::optional<std::string> DefaultOf(const FieldDefinition& field) {
  if (!field.default_value) return std::nullopt;
  std::vector<Fault> faults;
  const std::optional<TypedValue> typed =
      CheckValue(FieldRule::Of(field), *field.default_value, &faults);
  KASBAH_CHECK(typed.has_value());
  std::string json;
  AppendJson(typed->scalar, &json);
  return json;
}

void InsertField(Transaction& tx, const CallContext& call, const CollectionDefinition& collection,
                 const FieldDefinition& field, int64_t position, bool retired) {
  const auto reference =
      field.reference.is_nil() ? std::nullopt : std::make_optional(field.reference);
  tx.Run(kInsertField, call.tenant, collection.id, collection.schema_version, field.id, position,
         field.key, field.display_name, FieldTypeName(field.type), field.required, field.unique,
         field.indexed, field.sealed, field.min, field.max, field.pattern, field.choices,
         field.scale, DefaultOf(field), field.searchable, field.sensitive, reference, field.group,
         retired, field.revision, field.indexed_orders);
}

}  // namespace

absl::StatusOr<std::vector<CollectionDefinition>> ReadCollections(const Result& rows) {
  std::vector<CollectionDefinition> collections;
  std::vector<std::vector<FieldId>> building;
  for (const Row& row : rows) {
    const auto id = row.Get<CollectionId>(0);
    if (collections.empty() || collections.back().id != id) {
      CollectionDefinition& collection = collections.emplace_back();
      collection.id = id;
      collection.key = row.Get<std::string>(1);
      collection.display_name = row.Get<std::string>(2);
      collection.schema_version = row.Get<uint32_t>(3);
      collection.revision = row.Get<uint64_t>(4);
      collection.created = row.Get<absl::Time>(5);
      collection.updated = row.Get<absl::Time>(6);
      collection.deleted = row.Get<std::optional<absl::Time>>(7);
      building.emplace_back();
    }
    if (const auto ids = row.Get<std::optional<std::vector<FieldId>>>(31)) building.back() = *ids;
    ASSIGN_OR_RETURN(FieldDefinition field, ReadField(row));
    auto& kind = row.Get<bool>(26) ? collections.back().retired : collections.back().fields;
    kind.push_back(std::move(field));
  }
  for (size_t i = 0; i < collections.size(); ++i) {
    RETURN_IF_ERROR(ReadBuilding(building[i], &collections[i]));
  }
  return collections;
}

void ReadGroups(const Result& rows, std::vector<CollectionDefinition>* collections) {
  for (const Row& row : rows) {
    for (CollectionDefinition& collection : *collections) {
      if (collection.id != row.Get<CollectionId>(0)) continue;
      collection.groups.push_back({row.Get<FieldGroupId>(1), row.Get<std::string>(2),
                                   row.Get<std::string>(3), row.Get<int64_t>(4)});
    }
  }
}

void InsertDefinitionRows(Transaction& tx, const CallContext& call,
                          const CollectionDefinition& collection) {
  int64_t position = 0;
  for (const FieldDefinition& field : collection.fields) {
    InsertField(tx, call, collection, field, position++, /*retired=*/false);
  }
  for (const FieldDefinition& field : collection.retired) {
    InsertField(tx, call, collection, field, position++, /*retired=*/true);
  }
  int64_t group_position = 0;
  for (const GroupDefinition& group : collection.groups) {
    tx.Run(kInsertGroup, call.tenant, collection.id, collection.schema_version, group.id,
           group_position++, group.key, group.display_name, group.revision);
  }
}

}  // namespace kasbah::tenantdata
