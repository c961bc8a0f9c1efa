#include "services/tenant_data/store/collection_store.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/store/collection_rows.h"

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

constexpr Statement kUpdate{
    "collections.update",
    "WITH changed AS (UPDATE tenant_data.collections SET display_name = $4, schema_version = $5, "
    "revision = revision + 1, updated_at = $6, deleted_at = $7 "
    "WHERE tenant_id = $1 AND collection_id = $2 AND revision = $3 - 1 RETURNING 1) "
    "SELECT core.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH')",
    Access::kWrite};

// A collection has at least one field, so one join brings all of a definition but its groups.
#define KASBAH_DEFINITION                                               \
  "SELECT " KASBAH_DEFINITION_COLUMNS                                   \
  " FROM tenant_data.collections c JOIN tenant_data.fields f "          \
  "ON f.tenant_id = c.tenant_id AND f.collection_id = c.collection_id " \
  "LEFT JOIN tenant_data.field_indexes x "                              \
  "ON x.tenant_id = f.tenant_id AND x.field_id = f.field_id "           \
  "WHERE c.tenant_id = $1 AND f.tenant_id = $1 "
#define KASBAH_GROUPS                                                      \
  "SELECT c.collection_id, f.group_id, f.key, f.display_name, f.revision " \
  "FROM tenant_data.collections c JOIN tenant_data.field_groups f "        \
  "ON f.tenant_id = c.tenant_id AND f.collection_id = c.collection_id "    \
  "WHERE c.tenant_id = $1 AND f.tenant_id = $1 "

#define KASBAH_BY_KEY "AND f.schema_version = c.schema_version AND c.key = $2 ORDER BY f.position"
#define KASBAH_BY_ID \
  "AND f.schema_version = c.schema_version AND c.collection_id = $2 ORDER BY f.position"
#define KASBAH_VERSION "AND c.collection_id = $2 AND f.schema_version = $3 ORDER BY f.position"
#define KASBAH_PAGE                                                                         \
  "AND f.schema_version = c.schema_version AND c.collection_id IN (SELECT l.collection_id " \
  "FROM tenant_data.collections l WHERE l.tenant_id = $1 AND l.key > $2 "                   \
  "AND (l.deleted_at IS NULL OR $4) ORDER BY l.key LIMIT $3) ORDER BY c.key, f.position"

constexpr Statement kGetByKey{"collections.get_by_key", KASBAH_DEFINITION KASBAH_BY_KEY};
constexpr Statement kGetById{"collections.get_by_id", KASBAH_DEFINITION KASBAH_BY_ID};
constexpr Statement kGetVersion{"collections.get_version", KASBAH_DEFINITION KASBAH_VERSION};
constexpr Statement kList{"collections.list", KASBAH_DEFINITION KASBAH_PAGE};
constexpr Statement kGroupsByKey{"field_groups.by_key", KASBAH_GROUPS KASBAH_BY_KEY};
constexpr Statement kGroupsById{"field_groups.by_id", KASBAH_GROUPS KASBAH_BY_ID};
constexpr Statement kGroupsVersion{"field_groups.version", KASBAH_GROUPS KASBAH_VERSION};
constexpr Statement kGroupsList{"field_groups.list", KASBAH_GROUPS KASBAH_PAGE};

constexpr Statement kNames{"collections.names",
                           "SELECT collection_id, key, deleted_at IS NOT NULL "
                           "FROM tenant_data.collections WHERE tenant_id = $1"};

// Advisory, since a row lock would have every writer of a collection change its one row.
constexpr Statement kHold{"collections.hold", "SELECT pg_advisory_xact_lock($1)"};
constexpr Statement kShare{"collections.share", "SELECT pg_advisory_xact_lock_shared($1)"};

constexpr Statement kTryShare{
    "collections.try_share",
    "SELECT core.require(pg_try_advisory_xact_lock_shared($1), 'DEFINITION_CHANGED')"};

constexpr Statement kHasRecords{
    "collections.has_records",
    "SELECT EXISTS (SELECT FROM tenant_data.records "
    "WHERE tenant_id = $1 AND collection_id = $2 AND deleted_at IS NULL)"};

// A statement of its own after the lock, so that it sees what was committed until then.
constexpr Statement kIsCurrent{
    "collections.is_current",
    "SELECT core.require(EXISTS (SELECT FROM tenant_data.collections WHERE tenant_id = $1 "
    "AND collection_id = $2 AND schema_version = $3 AND deleted_at IS NULL), "
    "'DEFINITION_CHANGED')"};

// The same of a definition that may have been read long ago: a database that lost its last changes
// and was changed again has counted to the same number once more.
constexpr Statement kIsTheSame{
    "collections.is_the_same",
    "SELECT core.require(EXISTS (SELECT FROM tenant_data.collections WHERE tenant_id = $1 "
    "AND collection_id = $2 AND schema_version = $3 AND deleted_at IS NULL "
    "AND coalesce(updated_at, created_at) = $4), 'DEFINITION_CHANGED')"};

// Collections that share a key wait for each other's changes, which does no harm.
int64_t LockKeyOf(CollectionId id) {
  uint64_t key = 0;
  // The random half of the id.
  for (const char c : id.uuid().view().substr(8)) key = (key << 8) | static_cast<unsigned char>(c);
  return static_cast<int64_t>(key);
}

Pending<std::vector<CollectionDefinition>> Together(Pending<Result> fields,
                                                    Pending<Result> groups) {
  return std::move(fields).Map(
      [groups](const Result& rows) -> absl::StatusOr<std::vector<CollectionDefinition>> {
        ASSIGN_OR_RETURN(std::vector<CollectionDefinition> collections, ReadCollections(rows));
        ASSIGN_OR_RETURN(const Result group_rows, groups.Take());
        ReadGroups(group_rows, &collections);
        return collections;
      });
}

absl::StatusOr<CollectionDefinition> OnlyOne(std::vector<CollectionDefinition> collections) {
  if (collections.size() != 1) return NotFound("collection");
  return std::move(collections[0]);
}

}  // namespace

Pending<Result> CollectionStore::Insert(Transaction& tx, const CallContext& call,
                                        const CollectionDefinition& collection) const {
  auto stored = tx.Run(kInsert, call.tenant, collection.id, collection.key, collection.display_name,
                       collection.schema_version, collection.created, kMaxCollections);
  InsertDefinitionRows(tx, call, collection);
  return stored;
}

Pending<Result> CollectionStore::Update(Transaction& tx, const CallContext& call,
                                        const CollectionDefinition& next,
                                        bool changes_schema) const {
  auto changed = tx.Run(kUpdate, call.tenant, next.id, next.revision, next.display_name,
                        next.schema_version, next.updated, next.deleted);
  if (changes_schema) InsertDefinitionRows(tx, call, next);
  return changed;
}

Pending<CollectionDefinition> CollectionStore::Get(Transaction& tx, const CallContext& call,
                                                   const std::string& name) const {
  const absl::StatusOr<CollectionId> id = CollectionId::Parse(name);
  auto fields = id.ok() ? tx.Run(kGetById, call.tenant, *id) : tx.Run(kGetByKey, call.tenant, name);
  auto groups =
      id.ok() ? tx.Run(kGroupsById, call.tenant, *id) : tx.Run(kGroupsByKey, call.tenant, name);
  return Together(std::move(fields), std::move(groups)).Map(OnlyOne);
}

Pending<CollectionDefinition> CollectionStore::GetVersion(Transaction& tx, const CallContext& call,
                                                          CollectionId id,
                                                          uint32_t schema_version) const {
  auto fields = tx.Run(kGetVersion, call.tenant, id, schema_version);
  auto groups = tx.Run(kGroupsVersion, call.tenant, id, schema_version);
  return Together(std::move(fields), std::move(groups)).Map(OnlyOne);
}

Pending<std::vector<CollectionDefinition>> CollectionStore::List(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const std::string& after,
                                                                 int64_t limit,
                                                                 bool deleted_too) const {
  auto fields = tx.Run(kList, call.tenant, after, limit, deleted_too);
  return Together(std::move(fields), tx.Run(kGroupsList, call.tenant, after, limit, deleted_too));
}

Pending<std::vector<CollectionName>> CollectionStore::Names(Transaction& tx,
                                                            const CallContext& call) const {
  return tx.Run(kNames, call.tenant).Map([](const Result& rows) {
    std::vector<CollectionName> names;
    for (const Row& row : rows) {
      names.push_back({row.Get<CollectionId>(0), row.Get<std::string>(1), row.Get<bool>(2)});
    }
    return names;
  });
}

void CollectionStore::Hold(Transaction& tx, CollectionId id) const { tx.Run(kHold, LockKeyOf(id)); }

Pending<bool> CollectionStore::HasRecords(Transaction& tx, const CallContext& call,
                                          CollectionId id) const {
  return tx.Run(kHasRecords, call.tenant, id).Map([](const Result& rows) {
    return rows[0].Get<bool>(0);
  });
}

void CollectionStore::WriteUnder(Transaction& tx, const CallContext& call, CollectionId id,
                                 uint32_t schema_version) const {
  tx.Run(kShare, LockKeyOf(id));
  tx.Run(kIsCurrent, call.tenant, id, schema_version);
}

Pending<Result> CollectionStore::TryWriteUnder(Transaction& tx, const CallContext& call,
                                               const CollectionDefinition& read) const {
  tx.Run(kTryShare, LockKeyOf(read.id));
  return tx.Run(kIsTheSame, call.tenant, read.id, read.schema_version, read.updated);
}

}  // namespace kasbah::tenantdata
