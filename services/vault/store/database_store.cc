#include "services/vault/store/database_store.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;

#define KASBAH_DATABASE_COLUMNS                                                         \
  "d.database_id, d.name, d.host, d.port, d.dbname, d.verify_tls, d.ca, d.admin_user, " \
  "d.admin_secret, d.created_at, d.updated_at "
#define KASBAH_ROLE_COLUMNS                                                                 \
  "r.path, r.database_id, d.name, r.groups, r.default_ttl, r.max_ttl, r.connection_limit, " \
  "r.created_at, r.updated_at "
#define KASBAH_ROLES                              \
  "vault.database_roles r JOIN vault.databases d" \
  "  ON d.tenant_id = r.tenant_id AND d.database_id = r.database_id "

constexpr Statement kPut{
    "databases.put",
    "INSERT INTO vault.databases AS d (tenant_id, database_id, name, host, port, dbname,"
    "  verify_tls, ca, admin_user, admin_secret)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (tenant_id, name) DO UPDATE SET host = excluded.host, port = excluded.port,"
    "  dbname = excluded.dbname, verify_tls = excluded.verify_tls, ca = excluded.ca,"
    "  admin_user = excluded.admin_user, admin_secret = excluded.admin_secret, updated_at = now()"
    " RETURNING " KASBAH_DATABASE_COLUMNS,
    Access::kWrite};

constexpr Statement kGet{"databases.get", "SELECT " KASBAH_DATABASE_COLUMNS
                                          "FROM vault.databases d"
                                          " WHERE d.tenant_id = $1 AND d.name = $2"};
constexpr Statement kGetForUpdate{"databases.get_for_update",
                                  "SELECT " KASBAH_DATABASE_COLUMNS
                                  "FROM vault.databases d"
                                  " WHERE d.tenant_id = $1 AND d.name = $2 FOR UPDATE"};
constexpr Statement kGetById{
    "databases.get_by_id", "SELECT " KASBAH_DATABASE_COLUMNS
                           "FROM vault.databases d WHERE d.tenant_id = $1 AND d.database_id = $2"};
constexpr Statement kList{"databases.list", "SELECT " KASBAH_DATABASE_COLUMNS
                                            "FROM vault.databases d WHERE d.tenant_id = $1"
                                            " ORDER BY d.name LIMIT $2"};
constexpr Statement kDelete{"databases.delete",
                            "DELETE FROM vault.databases WHERE tenant_id = $1 AND database_id = $2",
                            Access::kWrite};

constexpr Statement kPutRole{
    "database_roles.put",
    "WITH r AS ("
    "  INSERT INTO vault.database_roles AS r (tenant_id, path, database_id, groups, default_ttl,"
    "    max_ttl, connection_limit) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    "  ON CONFLICT (tenant_id, path) DO UPDATE SET database_id = excluded.database_id,"
    "    groups = excluded.groups, default_ttl = excluded.default_ttl, max_ttl = excluded.max_ttl,"
    "    connection_limit = excluded.connection_limit, updated_at = now() RETURNING r.*"
    ") SELECT " KASBAH_ROLE_COLUMNS
    "FROM r JOIN vault.databases d ON d.tenant_id = $1 AND d.database_id = r.database_id",
    Access::kWrite};

constexpr Statement kGetRole{"database_roles.get",
                             "SELECT " KASBAH_ROLE_COLUMNS "FROM " KASBAH_ROLES
                             "WHERE r.tenant_id = $1 AND r.path = $2"};
constexpr Statement kRoles{"database_roles.list", "SELECT " KASBAH_ROLE_COLUMNS "FROM " KASBAH_ROLES
                                                  "WHERE r.tenant_id = $1 AND r.database_id = $2"
                                                  " ORDER BY r.path"};
constexpr Statement kDeleteRole{
    "database_roles.delete",
    "WITH gone AS (DELETE FROM vault.database_roles WHERE tenant_id = $1 AND path = $2 RETURNING 1)"
    " SELECT core.require((SELECT count(*) FROM gone) = 1, 'NOT_FOUND')",
    Access::kWrite};

TargetDatabase DatabaseOf(const Row& row) {
  TargetDatabase database;
  database.id = row.Get<DatabaseId>(0);
  database.name = row.Get<std::string>(1);
  database.host = row.Get<std::string>(2);
  database.port = row.Get<uint32_t>(3);
  database.dbname = row.Get<std::string>(4);
  database.verify_tls = row.Get<bool>(5);
  database.ca = row.Get<std::string>(6);
  database.admin_user = row.Get<std::string>(7);
  database.admin_secret = row.Get<std::string>(8);
  database.created_at = row.Get<absl::Time>(9);
  database.updated_at = row.Get<absl::Time>(10);
  return database;
}

DatabaseRole RoleOf(const Row& row) {
  DatabaseRole role;
  role.path = row.Get<std::string>(0);
  role.database = row.Get<DatabaseId>(1);
  role.database_name = row.Get<std::string>(2);
  role.groups = row.Get<std::vector<std::string>>(3);
  role.default_ttl = absl::Seconds(row.Get<int64_t>(4));
  role.max_ttl = absl::Seconds(row.Get<int64_t>(5));
  role.connection_limit = row.Get<uint32_t>(6);
  role.created_at = row.Get<absl::Time>(7);
  role.updated_at = row.Get<absl::Time>(8);
  return role;
}

template <typename T>
Pending<std::vector<T>> Each(Pending<Result> rows, T (*of)(const Row&)) {
  return std::move(rows).Map([of](Result result) {
    std::vector<T> all;
    for (const Row row : result) all.push_back(of(row));
    return all;
  });
}

}  // namespace

Pending<TargetDatabase> DatabaseStore::Put(Transaction& tx, TenantId tenant,
                                           const TargetDatabase& database) {
  return tx.RunForOne(kPut, "database", DatabaseOf, tenant, database.id, database.name,
                      database.host, database.port, database.dbname, database.verify_tls,
                      database.ca, database.admin_user, database.admin_secret);
}

Pending<TargetDatabase> DatabaseStore::Get(Transaction& tx, TenantId tenant,
                                           std::string_view name) {
  return tx.RunForOne(kGet, "database", DatabaseOf, tenant, name);
}

Pending<TargetDatabase> DatabaseStore::GetForUpdate(Transaction& tx, TenantId tenant,
                                                    std::string_view name) {
  return tx.RunForOne(kGetForUpdate, "database", DatabaseOf, tenant, name);
}

Pending<TargetDatabase> DatabaseStore::GetById(Transaction& tx, TenantId tenant, DatabaseId id) {
  return tx.RunForOne(kGetById, "database", DatabaseOf, tenant, id);
}

Pending<std::vector<TargetDatabase>> DatabaseStore::List(Transaction& tx, TenantId tenant,
                                                         int limit) {
  return Each(tx.Run(kList, tenant, limit), DatabaseOf);
}

void DatabaseStore::Delete(Transaction& tx, TenantId tenant, DatabaseId id) {
  tx.Run(kDelete, tenant, id);
}

Pending<DatabaseRole> DatabaseStore::PutRole(Transaction& tx, TenantId tenant,
                                             const DatabaseRole& role) {
  return tx.RunForOne(kPutRole, "role", RoleOf, tenant, role.path, role.database, role.groups,
                      absl::ToInt64Seconds(role.default_ttl), absl::ToInt64Seconds(role.max_ttl),
                      role.connection_limit);
}

Pending<DatabaseRole> DatabaseStore::GetRole(Transaction& tx, TenantId tenant,
                                             std::string_view path) {
  return tx.RunForOne(kGetRole, "role", RoleOf, tenant, path);
}

Pending<std::vector<DatabaseRole>> DatabaseStore::Roles(Transaction& tx, TenantId tenant,
                                                        DatabaseId id) {
  return Each(tx.Run(kRoles, tenant, id), RoleOf);
}

void DatabaseStore::DeleteRole(Transaction& tx, TenantId tenant, std::string_view path) {
  tx.Run(kDeleteRole, tenant, path);
}

}  // namespace kasbah::vault
