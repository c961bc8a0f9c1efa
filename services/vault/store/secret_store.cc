#include "services/vault/store/secret_store.h"

#include <limits>

#include "libs/base/error.h"
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
#define KASBAH_SECRET_COLUMNS \
  "s.secret_id, s.path, s.labels, s.latest_version, s.revision, s.created_at"
#define KASBAH_VERSION_COLUMNS \
  "v.secret_id, v.version, v.key_version, v.created_by, v.created_at, v.destroyed_at"

constexpr Statement kInsert{
    "secrets.insert",
    "INSERT INTO vault.secrets AS s (tenant_id, secret_id, path, labels) VALUES ($1, $2, $3, $4) "
    "RETURNING " KASBAH_SECRET_COLUMNS,
    Access::kWrite};

constexpr Statement kGet{"secrets.get", "SELECT " KASBAH_SECRET_COLUMNS
                                        " FROM vault.secrets s WHERE " KASBAH_SECRET_BY_REF};

constexpr Statement kGetForUpdate{
    "secrets.get_for_update", "SELECT " KASBAH_SECRET_COLUMNS
                              " FROM vault.secrets s WHERE " KASBAH_SECRET_BY_REF " FOR UPDATE"};

constexpr Statement kVersions{"secrets.versions",
                              "SELECT " KASBAH_VERSION_COLUMNS
                              " FROM vault.secrets s JOIN vault.secret_versions v"
                              "  ON v.tenant_id = s.tenant_id AND v.secret_id = s.secret_id "
                              "WHERE " KASBAH_SECRET_BY_REF " ORDER BY v.version DESC"};

// `>=` lets the index start at the prefix; ^@ is leakproof, LIKE is not.
constexpr Statement kList{"secrets.list", "SELECT " KASBAH_SECRET_COLUMNS
                                          " FROM vault.secrets s "
                                          "WHERE s.tenant_id = $1 AND s.path >= $2 AND s.path > $3"
                                          "  AND s.path ^@ $2 "
                                          "ORDER BY s.path LIMIT $4"};

// The check drives the join: `FROM v, checked` would not run it where v is empty, and the event of
// a change that did not happen would be committed.
constexpr Statement kAddVersion{
    "secrets.add_version",
    "WITH changed AS ("
    "  UPDATE vault.secrets SET latest_version = $3, revision = revision + 1"
    "  WHERE tenant_id = $1 AND secret_id = $2 AND latest_version = $3 - 1"
    "  RETURNING tenant_id, secret_id"
    "), v AS ("
    "  INSERT INTO vault.secret_versions"
    "    (tenant_id, secret_id, version, payload, key_version, created_by)"
    "  SELECT tenant_id, secret_id, $3, $4, $5, $6 FROM changed"
    "  RETURNING secret_id, version, key_version, created_by, created_at, destroyed_at"
    "), checked AS MATERIALIZED ("
    "  SELECT core.require((SELECT count(*) FROM v) = 1, 'ETAG_MISMATCH')"
    ") SELECT " KASBAH_VERSION_COLUMNS " FROM checked LEFT JOIN v ON true",
    Access::kWrite};

constexpr Statement kGetVersion{
    "secrets.get_version", "SELECT " KASBAH_SECRET_COLUMNS ", " KASBAH_VERSION_COLUMNS
                           ", v.payload "
                           "FROM vault.secrets s JOIN vault.secret_versions v"
                           "  ON v.tenant_id = s.tenant_id AND v.secret_id = s.secret_id "
                           "WHERE " KASBAH_SECRET_BY_REF
                           "  AND v.version = CASE WHEN $4 = 0 THEN s.latest_version ELSE $4 END"};

constexpr Statement kGetExpected{
    "secrets.get_expected",
    "WITH found AS MATERIALIZED ("
    "  SELECT " KASBAH_SECRET_COLUMNS
    ", v.version, v.key_version, v.created_by,"
    "    v.created_at AS version_created_at, v.destroyed_at, v.payload"
    "  FROM vault.secrets s JOIN vault.secret_versions v"
    "    ON v.tenant_id = s.tenant_id AND v.secret_id = s.secret_id"
    "  WHERE s.tenant_id = $1 AND s.secret_id = $2 AND v.tenant_id = $1 AND v.version = $3"
    "    AND (NOT $4 OR s.latest_version = $3)"
    "), checked AS MATERIALIZED ("
    "  SELECT core.require((SELECT count(*) FROM found) = 1, 'HINT_STALE'),"
    "         core.require((SELECT count(payload) FROM found) = 1, 'VERSION_DESTROYED')"
    ") SELECT s.secret_id, s.path, s.labels, s.latest_version, s.revision, s.created_at,"
    "    s.secret_id, s.version, s.key_version, s.created_by, s.version_created_at,"
    "    s.destroyed_at, s.payload "
    "FROM checked LEFT JOIN found s ON true"};

constexpr Statement kDestroyVersion{
    "secrets.destroy_version",
    "WITH v AS ("
    "  UPDATE vault.secret_versions SET payload = NULL, destroyed_at = now()"
    "  WHERE tenant_id = $1 AND secret_id = $2 AND version = $3 AND payload IS NOT NULL"
    "  RETURNING secret_id, version, key_version, created_by, created_at, destroyed_at"
    "), changed AS ("
    "  UPDATE vault.secrets SET revision = revision + 1"
    "  WHERE tenant_id = $1 AND secret_id = (SELECT secret_id FROM v) RETURNING 1"
    "), checked AS MATERIALIZED ("
    "  SELECT core.require((SELECT count(*) FROM changed) = 1, 'VERSION_DESTROYED')"
    ") SELECT " KASBAH_VERSION_COLUMNS " FROM checked LEFT JOIN v ON true",
    Access::kWrite};

constexpr Statement kAddedBy{"secrets.added_by", "SELECT " KASBAH_VERSION_COLUMNS
                                                 " FROM vault.secret_versions v "
                                                 "WHERE v.tenant_id = $1 AND v.created_by = $2 "
                                                 "ORDER BY v.secret_id, v.version"};

constexpr Statement kEraseCreator{"secrets.erase_creator",
                                  "UPDATE vault.secret_versions SET created_by = '' "
                                  "WHERE tenant_id = $1 AND created_by = $2",
                                  Access::kWrite};

Secret SecretOf(const Row& row) {
  Secret secret;
  secret.id = row.Get<SecretId>(0);
  secret.path = row.Get<std::string>(1);
  secret.labels =
      nlohmann::json::parse(row.Get<std::string>(2)).get<std::map<std::string, std::string>>();
  secret.latest_version = row.Get<uint32_t>(3);
  secret.revision = row.Get<int64_t>(4);
  secret.created_at = row.Get<absl::Time>(5);
  return secret;
}

SecretVersion VersionOf(const Row& row, int from = 0) {
  SecretVersion version;
  version.secret = row.Get<SecretId>(from);
  version.version = row.Get<uint32_t>(from + 1);
  version.key_version = row.Get<uint32_t>(from + 2);
  version.created_by = row.Get<std::string>(from + 3);
  version.created_at = row.Get<absl::Time>(from + 4);
  version.destroyed_at = row.Get<std::optional<absl::Time>>(from + 5);
  return version;
}

SealedVersion SealedVersionOf(const Row& row) {
  return {SecretOf(row), VersionOf(row, 6),
          row.Get<std::optional<std::string>>(12).value_or(std::string())};
}

std::vector<SecretVersion> VersionsOf(const postgres::Result& rows) {
  std::vector<SecretVersion> versions;
  for (const Row row : rows) versions.push_back(VersionOf(row));
  return versions;
}

std::optional<Uuid> IdOf(const SecretRef& ref) {
  if (!ref.id().has_value()) return std::nullopt;
  return ref.id()->uuid();
}

}  // namespace

postgres::Pending<Secret> SecretStore::Insert(Transaction& tx, TenantId tenant,
                                              const Secret& secret) {
  const std::string labels = nlohmann::json(secret.labels).dump();
  return tx.RunForOne(kInsert, "secret", SecretOf, tenant, secret.id, secret.path,
                      postgres::Json{labels});
}

postgres::Pending<Secret> SecretStore::Get(Transaction& tx, TenantId tenant, const SecretRef& ref) {
  return tx.RunForOne(kGet, "secret", SecretOf, tenant, IdOf(ref), ref.path());
}

postgres::Pending<Secret> SecretStore::GetForUpdate(Transaction& tx, TenantId tenant,
                                                    const SecretRef& ref) {
  return tx.RunForOne(kGetForUpdate, "secret", SecretOf, tenant, IdOf(ref), ref.path());
}

postgres::Pending<std::vector<SecretVersion>> SecretStore::Versions(Transaction& tx,
                                                                    TenantId tenant,
                                                                    const SecretRef& ref) {
  return tx.Run(kVersions, tenant, IdOf(ref), ref.path()).Map(VersionsOf);
}

postgres::Pending<std::vector<Secret>> SecretStore::List(Transaction& tx, TenantId tenant,
                                                         std::string_view prefix,
                                                         std::string_view after, int limit) {
  return tx.Run(kList, tenant, prefix, after, limit).Map([](postgres::Result rows) {
    std::vector<Secret> secrets;
    for (const Row row : rows) secrets.push_back(SecretOf(row));
    return secrets;
  });
}

postgres::Pending<SecretVersion> SecretStore::AddVersion(Transaction& tx, TenantId tenant,
                                                         const SecretVersion& version,
                                                         std::string_view payload) {
  return tx.RunForOne(
      kAddVersion, "secret", [](const Row& row) { return VersionOf(row); }, tenant, version.secret,
      version.version, Bytes{payload}, version.key_version, version.created_by);
}

postgres::Pending<SealedVersion> SecretStore::GetVersion(Transaction& tx, TenantId tenant,
                                                         const SecretRef& ref, uint32_t version) {
  return tx.RunForOne(kGetVersion, "secret version", SealedVersionOf, tenant, IdOf(ref), ref.path(),
                      version);
}

postgres::Pending<SealedVersion> SecretStore::GetExpected(Transaction& tx, TenantId tenant,
                                                          SecretId secret, uint32_t version,
                                                          bool is_latest) {
  return tx.RunForOne(kGetExpected, "secret version", SealedVersionOf, tenant, secret, version,
                      is_latest);
}

postgres::Pending<SecretVersion> SecretStore::DestroyVersion(Transaction& tx, TenantId tenant,
                                                             SecretId secret, uint32_t version) {
  return tx.RunForOne(
      kDestroyVersion, "secret version", [](const Row& row) { return VersionOf(row); }, tenant,
      secret, version);
}

postgres::Pending<std::vector<SecretVersion>> SecretStore::AddedBy(Transaction& tx, TenantId tenant,
                                                                   std::string_view creator) {
  return tx.Run(kAddedBy, tenant, creator).Map(VersionsOf);
}

postgres::Pending<int64_t> SecretStore::EraseCreator(Transaction& tx, TenantId tenant,
                                                     std::string_view creator) {
  return tx.Run(kEraseCreator, tenant, creator).Map([](postgres::Result result) {
    return result.affected();
  });
}

}  // namespace kasbah::vault
