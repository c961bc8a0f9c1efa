#include "services/tenant_data/store/collection_store.h"

#include <utility>

#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{
    "collections.insert",
    "WITH stored AS (INSERT INTO tenant_data.collections "
    "(tenant_id, collection_id, key, display_name, schema_version, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6)) "
    "SELECT core.require((SELECT count(*) FROM tenant_data.collections WHERE tenant_id = $1) < $7, "
    "'TOO_MANY_COLLECTIONS')",
    Access::kWrite};

constexpr Statement kInsertField{
    "fields.insert",
    "INSERT INTO tenant_data.fields (tenant_id, collection_id, schema_version, field_id, position, "
    "key, display_name, type, is_required, is_unique, is_indexed, is_sealed, min_value, max_value, "
    "pattern, choices, scale, is_searchable) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    Access::kWrite};

// A collection has at least one field, so one join brings all of a definition.
#define KASBAH_DEFINITION                                                                       \
  "SELECT c.collection_id, c.key, c.display_name, f.schema_version, c.created_at, f.field_id, " \
  "f.key, f.display_name, f.type, f.is_required, f.is_unique, f.is_indexed, f.is_sealed, "      \
  "f.min_value, f.max_value, f.pattern, f.choices, f.scale, f.is_searchable "                   \
  "FROM tenant_data.collections c JOIN tenant_data.fields f "                                   \
  "ON f.tenant_id = c.tenant_id AND f.collection_id = c.collection_id "                         \
  "WHERE c.tenant_id = $1 AND f.tenant_id = $1 "

constexpr Statement kGetByKey{
    "collections.get_by_key",
    KASBAH_DEFINITION "AND f.schema_version = c.schema_version AND c.key = $2 ORDER BY f.position"};

constexpr Statement kGetById{
    "collections.get_by_id", KASBAH_DEFINITION
    "AND f.schema_version = c.schema_version AND c.collection_id = $2 ORDER BY f.position"};

constexpr Statement kGetVersion{
    "collections.get_version",
    KASBAH_DEFINITION "AND c.collection_id = $2 AND f.schema_version = $3 ORDER BY f.position"};

constexpr Statement kList{"collections.list", KASBAH_DEFINITION
                          "AND f.schema_version = c.schema_version ORDER BY c.key, f.position"};

FieldDefinition ReadField(const Row& row) {
  FieldDefinition field;
  field.id = row.Get<FieldId>(5);
  field.key = row.Get<std::string>(6);
  field.display_name = row.Get<std::string>(7);
  field.type = ParseFieldType(row.Get<std::string>(8));
  field.required = row.Get<bool>(9);
  field.unique = row.Get<bool>(10);
  field.indexed = row.Get<bool>(11);
  field.sealed = row.Get<bool>(12);
  field.min = row.Get<std::optional<int64_t>>(13);
  field.max = row.Get<std::optional<int64_t>>(14);
  field.pattern = row.Get<std::string>(15);
  field.choices = row.Get<std::vector<std::string>>(16);
  field.scale = row.Get<int64_t>(17);
  field.searchable = row.Get<bool>(18);
  return field;
}

// Rows of one collection stand together.
std::vector<CollectionDefinition> ReadCollections(const Result& rows) {
  std::vector<CollectionDefinition> collections;
  for (const Row& row : rows) {
    const auto id = row.Get<CollectionId>(0);
    if (collections.empty() || collections.back().id != id) {
      CollectionDefinition& collection = collections.emplace_back();
      collection.id = id;
      collection.key = row.Get<std::string>(1);
      collection.display_name = row.Get<std::string>(2);
      collection.schema_version = row.Get<uint32_t>(3);
      collection.created = row.Get<absl::Time>(4);
    }
    collections.back().fields.push_back(ReadField(row));
  }
  return collections;
}

absl::StatusOr<CollectionDefinition> ReadOne(const Result& rows) {
  std::vector<CollectionDefinition> collections = ReadCollections(rows);
  if (collections.size() != 1) return NotFound("collection");
  return std::move(collections[0]);
}

}  // namespace

Pending<Result> CollectionStore::Insert(Transaction& tx, const CallContext& call,
                                        const CollectionDefinition& collection) const {
  auto stored = tx.Run(kInsert, call.tenant, collection.id, collection.key, collection.display_name,
                       collection.schema_version, collection.created, kMaxCollections);
  for (size_t i = 0; i < collection.fields.size(); ++i) {
    const FieldDefinition& field = collection.fields[i];
    tx.Run(kInsertField, call.tenant, collection.id, collection.schema_version, field.id,
           static_cast<int64_t>(i), field.key, field.display_name, FieldTypeName(field.type),
           field.required, field.unique, field.indexed, field.sealed, field.min, field.max,
           field.pattern, field.choices, field.scale, field.searchable);
  }
  return stored;
}

Pending<CollectionDefinition> CollectionStore::Get(Transaction& tx, const CallContext& call,
                                                   const std::string& name) const {
  const absl::StatusOr<CollectionId> id = CollectionId::Parse(name);
  return (id.ok() ? tx.Run(kGetById, call.tenant, *id) : tx.Run(kGetByKey, call.tenant, name))
      .Map(ReadOne);
}

Pending<CollectionDefinition> CollectionStore::GetVersion(Transaction& tx, const CallContext& call,
                                                          CollectionId id,
                                                          uint32_t schema_version) const {
  return tx.Run(kGetVersion, call.tenant, id, schema_version).Map(ReadOne);
}

Pending<std::vector<CollectionDefinition>> CollectionStore::List(Transaction& tx,
                                                                 const CallContext& call) const {
  return tx.Run(kList, call.tenant).Map(ReadCollections);
}

}  // namespace kasbah::tenantdata
