#include "services/vault/store/secret_store.h"

#include "libs/base/error.h"
#include "services/vault/store/secret_rows.h"
#include <nlohmann/json.hpp>

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Row;
using postgres::Statement;

// A secret is named by id ($2) or by path ($3), the other being null. Written as one condition on
// the key, since an OR would cost the index.
#define KASBAH_SECRET_BY_REF                                                        \
  "s.tenant_id = $1 AND s.secret_id = coalesce($2::uuid, (SELECT p.secret_id FROM " \
  "vault.secrets p WHERE p.tenant_id = $1 AND p.path = $3))"
// 0, 1, 2 as GrantLevel: `actor` and `is_manager` are parameters.
#define KASBAH_ACCESS(actors, is_manager)                                            \
  "CASE WHEN NOT s.is_restricted OR " is_manager                                     \
  " THEN 2 ELSE coalesce((SELECT max(CASE WHEN g.can_write THEN 2 ELSE 1 END) "      \
  "FROM vault.secret_grants g WHERE g.tenant_id = $1 AND g.secret_id = s.secret_id " \
  "AND g.actor = ANY (" actors ")), 0) END"

constexpr Statement kInsert{
    "secrets.insert",
    "INSERT INTO vault.secrets AS s (tenant_id, secret_id, path, labels, expires_at, "
    "rotation_period,"
    "  next_rotation_at, rotation_topic, destroy_delay)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM vault.take_room($1, 'secrets', 1)"
    " RETURNING " KASBAH_SECRET_COLUMNS,
    Access::kWrite};

constexpr Statement kGet{"secrets.get", "SELECT " KASBAH_SECRET_COLUMNS
                                        " FROM vault.secrets s WHERE " KASBAH_SECRET_BY_REF};

constexpr Statement kGetForUpdate{
    "secrets.get_for_update",
    "SELECT " KASBAH_SECRET_COLUMNS ", " KASBAH_ACCESS(
        "$4", "$5") "::bigint FROM vault.secrets s WHERE " KASBAH_SECRET_BY_REF " FOR UPDATE OF s"};

constexpr Statement kVersions{"secrets.versions",
                              "SELECT " KASBAH_VERSION_COLUMNS
                              " FROM vault.secrets s JOIN vault.secret_versions v"
                              "  ON v.tenant_id = s.tenant_id AND v.secret_id = s.secret_id "
                              "WHERE " KASBAH_SECRET_BY_REF " ORDER BY v.version DESC"};

// `>=` lets the index start at the prefix; ^@ is leakproof, LIKE is not. Labels are compared after
// the index has found the tenant's paths.
constexpr Statement kList{"secrets.list", "SELECT " KASBAH_SECRET_COLUMNS
                                          " FROM vault.secrets s "
                                          "WHERE s.tenant_id = $1 AND s.path >= $2 AND s.path > $3"
                                          "  AND s.path ^@ $2 AND s.labels @> $5"
                                          "  AND (s.deleted_at IS NOT NULL) = $6 "
                                          "ORDER BY s.path LIMIT $4"};

constexpr Statement kSave{"secrets.save",
                          "UPDATE vault.secrets AS s SET labels = $3, expires_at = $4,"
                          "  rotation_period = $5, next_rotation_at = $6, rotation_topic = $7,"
                          "  destroy_delay = $8, deleted_at = $9, purge_at = $10,"
                          "  is_restricted = $11, updated_at = now(), revision = revision + 1"
                          " WHERE s.tenant_id = $1 AND s.secret_id = $2"
                          " RETURNING " KASBAH_SECRET_COLUMNS,
                          Access::kWrite};

constexpr Statement kPurgeVersions{
    "secrets.purge_versions",
    "DELETE FROM vault.secret_versions WHERE tenant_id = $1 AND secret_id = $2", Access::kWrite};
constexpr Statement kPurge{"secrets.purge",
                           "WITH gone AS (DELETE FROM vault.secrets "
                           "WHERE tenant_id = $1 AND secret_id = $2 RETURNING 1) "
                           "SELECT vault.give_room($1, 'secrets', (SELECT count(*) FROM gone))",
                           Access::kWrite};

constexpr Statement kGrants{"secrets.grants",
                            "SELECT g.actor, g.can_write FROM vault.secrets s"
                            " JOIN vault.secret_grants g"
                            "  ON g.tenant_id = s.tenant_id AND g.secret_id = s.secret_id "
                            "WHERE " KASBAH_SECRET_BY_REF " ORDER BY g.actor"};
constexpr Statement kRevokeGrants{
    "secrets.revoke_grants",
    "DELETE FROM vault.secret_grants WHERE tenant_id = $1 AND secret_id = $2", Access::kWrite};
constexpr Statement kInsertGrants{
    "secrets.insert_grants",
    "INSERT INTO vault.secret_grants (tenant_id, secret_id, actor, can_write)"
    " SELECT $1, $2, actor, can_write FROM unnest($3, $4) AS g (actor, can_write)",
    Access::kWrite};

// The check drives the join: `FROM v, checked` would not run it where v is empty, and the event of
// a change that did not happen would be committed.
constexpr Statement kAddVersion{
    "secrets.add_version",
    "WITH changed AS ("
    "  UPDATE vault.secrets SET latest_version = $3, revision = revision + 1, updated_at = now()"
    "  WHERE tenant_id = $1 AND secret_id = $2 AND latest_version = $3 - 1"
    "  RETURNING tenant_id, secret_id"
    "), v AS ("
    "  INSERT INTO vault.secret_versions"
    "    (tenant_id, secret_id, version, payload, key_version, created_by)"
    "  SELECT tenant_id, secret_id, $3, $4, $5, $6 FROM changed"
    "  RETURNING *"
    "), checked AS MATERIALIZED ("
    "  SELECT core.require((SELECT count(*) FROM v) = 1, 'ETAG_MISMATCH')"
    ") SELECT " KASBAH_VERSION_COLUMNS " FROM checked LEFT JOIN v ON true",
    Access::kWrite};

constexpr Statement kGetVersion{
    "secrets.get_version", "SELECT " KASBAH_SECRET_COLUMNS ", " KASBAH_VERSION_COLUMNS
                           ", v.payload, " KASBAH_ACCESS("$5", "$6") "::bigint "
                           "FROM vault.secrets s JOIN vault.secret_versions v"
                           "  ON v.tenant_id = s.tenant_id AND v.secret_id = s.secret_id "
                           "WHERE " KASBAH_SECRET_BY_REF
                           "  AND v.version = CASE WHEN $4 = 0 THEN s.latest_version ELSE $4 END"};

constexpr Statement kGetExpected{
    "secrets.get_expected",
    "WITH found AS MATERIALIZED ("
    "  SELECT s.secret_id AS found_id"
    "  FROM vault.secrets s JOIN vault.secret_versions v"
    "    ON v.tenant_id = s.tenant_id AND v.secret_id = s.secret_id"
    "  WHERE s.tenant_id = $1 AND s.secret_id = $2 AND v.tenant_id = $1 AND v.version = $3"
    "    AND (NOT $4 OR s.latest_version = $3)"
    "    AND s.deleted_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > now())"
    "    AND v.payload IS NOT NULL AND v.disabled_at IS NULL AND v.destroy_at IS NULL"
    "    AND " KASBAH_ACCESS("$5", "$6") " > 0"
    "), checked AS MATERIALIZED ("
    "  SELECT core.require((SELECT count(*) FROM found) = 1, 'HINT_STALE')"
    ") SELECT " KASBAH_SECRET_COLUMNS ", " KASBAH_VERSION_COLUMNS ", v.payload, 1::bigint "
    "FROM checked LEFT JOIN vault.secrets s ON s.tenant_id = $1 AND s.secret_id = $2"
    " LEFT JOIN vault.secret_versions v"
    "  ON v.tenant_id = $1 AND v.secret_id = $2 AND v.version = $3"};

constexpr Statement kSaveVersion{
    "secrets.save_version",
    "WITH v AS ("
    "  UPDATE vault.secret_versions SET disabled_at = $4, destroy_at = $5,"
    "    payload = CASE WHEN $6 THEN NULL ELSE payload END,"
    "    destroyed_at = CASE WHEN $6 THEN now() END"
    "  WHERE tenant_id = $1 AND secret_id = $2 AND version = $3 AND payload IS NOT NULL"
    "  RETURNING *"
    "), changed AS ("
    "  UPDATE vault.secrets SET revision = revision + 1, updated_at = now()"
    "  WHERE tenant_id = $1 AND secret_id = (SELECT secret_id FROM v) RETURNING 1"
    "), checked AS MATERIALIZED ("
    "  SELECT core.require((SELECT count(*) FROM changed) = 1, 'VERSION_DESTROYED')"
    ") SELECT " KASBAH_VERSION_COLUMNS " FROM checked LEFT JOIN v ON true",
    Access::kWrite};

constexpr Statement kAddedBy{"secrets.added_by", "SELECT " KASBAH_VERSION_COLUMNS
                                                 " FROM vault.secret_versions v "
                                                 "WHERE v.tenant_id = $1 AND v.created_by = $2 "
                                                 "ORDER BY v.secret_id, v.version"};
constexpr Statement kGrantedTo{"secrets.granted_to",
                               "SELECT secret_id FROM vault.secret_grants "
                               "WHERE tenant_id = $1 AND actor = $2 ORDER BY secret_id"};
constexpr Statement kEraseCreator{"secrets.erase_creator",
                                  "UPDATE vault.secret_versions SET created_by = '' "
                                  "WHERE tenant_id = $1 AND created_by = $2",
                                  Access::kWrite};
constexpr Statement kEraseGrants{
    "secrets.erase_grants", "DELETE FROM vault.secret_grants WHERE tenant_id = $1 AND actor = $2",
    Access::kWrite};

GrantLevel AccessOf(const Row& row, int column) {
  return static_cast<GrantLevel>(row.Get<int>(column));
}

SealedVersion SealedVersionOf(const Row& row) {
  constexpr int kPayload = kSecretColumns + kVersionColumns;
  return {SecretOf(row), VersionOf(row, kSecretColumns),
          row.Get<std::optional<std::string>>(kPayload).value_or(std::string()),
          AccessOf(row, kPayload + 1)};
}

SecretVersion OneVersion(const Row& row) { return VersionOf(row); }

std::vector<SecretVersion> VersionsOf(const postgres::Result& rows) {
  std::vector<SecretVersion> versions;
  for (const Row row : rows) versions.push_back(VersionOf(row));
  return versions;
}

std::optional<Uuid> IdOf(const SecretRef& ref) {
  if (!ref.id().has_value()) return std::nullopt;
  return ref.id()->uuid();
}

std::string JsonOf(const std::map<std::string, std::string>& labels) {
  return nlohmann::json(labels).dump();
}

// A rotation in columns; nulls where there is none.
struct RotationColumns {
  explicit RotationColumns(const std::optional<SecretRotation>& rotation) {
    if (!rotation) return;
    period = absl::ToInt64Seconds(rotation->period);
    next = rotation->next;
    topic = rotation->topic;
  }
  std::optional<int64_t> period;
  std::optional<absl::Time> next;
  std::string topic;
};

int64_t Affected(const postgres::Result& result) { return result.affected(); }

}  // namespace

postgres::Pending<Secret> SecretStore::Insert(Transaction& tx, TenantId tenant,
                                              const Secret& secret) {
  const std::string labels = JsonOf(secret.labels);
  const RotationColumns rotation(secret.rotation);
  return tx.RunForOne(kInsert, "secret", SecretOf, tenant, secret.id, secret.path,
                      postgres::Json{labels}, secret.expires_at, rotation.period, rotation.next,
                      rotation.topic, absl::ToInt64Seconds(secret.destroy_delay));
}

postgres::Pending<Secret> SecretStore::Get(Transaction& tx, TenantId tenant, const SecretRef& ref) {
  return tx.RunForOne(kGet, "secret", SecretOf, tenant, IdOf(ref), ref.path());
}

postgres::Pending<GrantedSecret> SecretStore::GetForUpdate(Transaction& tx, TenantId tenant,
                                                           const SecretRef& ref,
                                                           const SecretUser& user) {
  return tx.RunForOne(
      kGetForUpdate, "secret",
      [](const Row& row) -> GrantedSecret {
        return {SecretOf(row), AccessOf(row, kSecretColumns)};
      },
      tenant, IdOf(ref), ref.path(), user.actors, user.is_manager);
}

postgres::Pending<std::vector<SecretVersion>> SecretStore::Versions(Transaction& tx,
                                                                    TenantId tenant,
                                                                    const SecretRef& ref) {
  return tx.Run(kVersions, tenant, IdOf(ref), ref.path()).Map(VersionsOf);
}

postgres::Pending<std::vector<Secret>> SecretStore::List(Transaction& tx, TenantId tenant,
                                                         const ListOptions& options) {
  const std::string labels = JsonOf(options.labels);
  return tx
      .Run(kList, tenant, options.prefix, options.after, options.limit, postgres::Json{labels},
           options.deleted)
      .Map([](postgres::Result rows) {
        std::vector<Secret> secrets;
        for (const Row row : rows) secrets.push_back(SecretOf(row));
        return secrets;
      });
}

postgres::Pending<Secret> SecretStore::Save(Transaction& tx, TenantId tenant,
                                            const Secret& secret) {
  const std::string labels = JsonOf(secret.labels);
  const RotationColumns rotation(secret.rotation);
  return tx.RunForOne(kSave, "secret", SecretOf, tenant, secret.id, postgres::Json{labels},
                      secret.expires_at, rotation.period, rotation.next, rotation.topic,
                      absl::ToInt64Seconds(secret.destroy_delay), secret.deleted_at,
                      secret.purge_at, secret.is_restricted);
}

void SecretStore::Purge(Transaction& tx, TenantId tenant, SecretId secret) {
  tx.Run(kPurgeVersions, tenant, secret);
  tx.Run(kPurge, tenant, secret);
}

postgres::Pending<std::vector<SecretGrant>> SecretStore::Grants(Transaction& tx, TenantId tenant,
                                                                const SecretRef& ref) {
  return tx.Run(kGrants, tenant, IdOf(ref), ref.path()).Map([](postgres::Result rows) {
    std::vector<SecretGrant> grants;
    for (const Row row : rows) grants.push_back({row.Get<std::string>(0), row.Get<bool>(1)});
    return grants;
  });
}

void SecretStore::ReplaceGrants(Transaction& tx, TenantId tenant, SecretId secret,
                                const std::vector<SecretGrant>& grants) {
  tx.Run(kRevokeGrants, tenant, secret);
  std::vector<std::string> actors;
  std::vector<bool> can_write;
  for (const SecretGrant& grant : grants) {
    actors.push_back(grant.actor);
    can_write.push_back(grant.can_write);
  }
  if (!grants.empty()) tx.Run(kInsertGrants, tenant, secret, actors, can_write);
}

postgres::Pending<SecretVersion> SecretStore::AddVersion(Transaction& tx, TenantId tenant,
                                                         const SecretVersion& version,
                                                         std::string_view payload) {
  return tx.RunForOne(kAddVersion, "secret", OneVersion, tenant, version.secret, version.version,
                      Bytes{payload}, version.key_version, version.created_by);
}

postgres::Pending<SealedVersion> SecretStore::GetVersion(Transaction& tx, TenantId tenant,
                                                         const SecretRef& ref, uint32_t version,
                                                         const SecretUser& user) {
  return tx.RunForOne(kGetVersion, "secret version", SealedVersionOf, tenant, IdOf(ref), ref.path(),
                      version, user.actors, user.is_manager);
}

postgres::Pending<SealedVersion> SecretStore::GetExpected(Transaction& tx, TenantId tenant,
                                                          SecretId secret, uint32_t version,
                                                          bool is_latest, const SecretUser& user) {
  return tx.RunForOne(kGetExpected, "secret version", SealedVersionOf, tenant, secret, version,
                      is_latest, user.actors, user.is_manager);
}

postgres::Pending<SecretVersion> SecretStore::SaveVersion(Transaction& tx, TenantId tenant,
                                                          const SecretVersion& version,
                                                          bool destroy) {
  return tx.RunForOne(kSaveVersion, "secret version", OneVersion, tenant, version.secret,
                      version.version, version.disabled_at, version.destroy_at, destroy);
}

postgres::Pending<std::vector<SecretVersion>> SecretStore::AddedBy(Transaction& tx, TenantId tenant,
                                                                   std::string_view creator) {
  return tx.Run(kAddedBy, tenant, creator).Map(VersionsOf);
}

postgres::Pending<std::vector<SecretId>> SecretStore::GrantedTo(Transaction& tx, TenantId tenant,
                                                                std::string_view actor) {
  return tx.Run(kGrantedTo, tenant, actor).Map([](postgres::Result rows) {
    std::vector<SecretId> secrets;
    for (const Row row : rows) secrets.push_back(row.Get<SecretId>(0));
    return secrets;
  });
}

postgres::Pending<int64_t> SecretStore::EraseCreator(Transaction& tx, TenantId tenant,
                                                     std::string_view creator) {
  return tx.Run(kEraseCreator, tenant, creator).Map(Affected);
}

postgres::Pending<int64_t> SecretStore::EraseGrants(Transaction& tx, TenantId tenant,
                                                    std::string_view actor) {
  return tx.Run(kEraseGrants, tenant, actor).Map(Affected);
}

}  // namespace kasbah::vault
