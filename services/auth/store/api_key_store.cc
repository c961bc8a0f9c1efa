#include "services/auth/store/api_key_store.h"

#include "libs/base/error.h"

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"api_keys.insert",
                            R"sql(
INSERT INTO auth.api_keys (tenant_id, api_key_id, display_name, role, customer_id, prefix,
                           secret_hash, created_by, created_at, expire_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))sql",
                            Access::kWrite};

constexpr Statement kFindCredential{"api_keys.find_credential", R"sql(
SELECT api_key_id, display_name, role, customer_id, prefix, created_by, created_at, expire_at,
       revoked_at, successor_id, secret_hash
FROM auth.api_keys WHERE tenant_id = $1 AND api_key_id = $2)sql"};

constexpr Statement kList{"api_keys.list", R"sql(
SELECT api_key_id, display_name, role, customer_id, prefix, created_by, created_at, expire_at,
       revoked_at, successor_id
FROM auth.api_keys WHERE tenant_id = $1 AND api_key_id > $2 ORDER BY api_key_id LIMIT $3)sql"};

constexpr Statement kLock{"api_keys.lock", R"sql(
SELECT api_key_id, display_name, role, customer_id, prefix, created_by, created_at, expire_at,
       revoked_at, successor_id
FROM auth.api_keys WHERE tenant_id = $1 AND api_key_id = $2 FOR UPDATE)sql"};

constexpr Statement kRevoke{"api_keys.revoke", R"sql(
UPDATE auth.api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND api_key_id = $2)sql",
                            Access::kWrite};

constexpr Statement kSetSuccessor{"api_keys.set_successor", R"sql(
UPDATE auth.api_keys SET successor_id = $3, expire_at = $4
WHERE tenant_id = $1 AND api_key_id = $2)sql",
                                  Access::kWrite};

constexpr Statement kListCreatedBy{"api_keys.list_created_by", R"sql(
SELECT api_key_id, display_name, role, customer_id, prefix, created_by, created_at, expire_at,
       revoked_at, successor_id
FROM auth.api_keys WHERE tenant_id = $1 AND created_by = $2 AND display_name <> ''
ORDER BY api_key_id)sql"};

constexpr Statement kBlankNamesOf{"api_keys.blank_names_of", R"sql(
UPDATE auth.api_keys SET display_name = ''
WHERE tenant_id = $1 AND created_by = $2 AND display_name <> '')sql",
                                  Access::kWrite};

ApiKey ToApiKey(Row row) {
  const std::optional<Role> role = ParseRole(row.Get<std::string>(2));
  KASBAH_CHECK(role.has_value());
  ApiKey key;
  key.id = row.Get<ApiKeyId>(0);
  key.display_name = row.Get<std::string>(1);
  key.role = *role;
  key.customer = row.Get<std::optional<CustomerId>>(3);
  key.prefix = row.Get<std::string>(4);
  key.created_by = row.Get<std::string>(5);
  key.create_time = row.Get<absl::Time>(6);
  key.expire_time = row.Get<std::optional<absl::Time>>(7);
  key.revoke_time = row.Get<std::optional<absl::Time>>(8);
  key.successor = row.Get<std::optional<ApiKeyId>>(9);
  return key;
}

std::vector<ApiKey> ToApiKeys(const Result& rows) {
  std::vector<ApiKey> keys;
  keys.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) keys.push_back(ToApiKey(row));
  return keys;
}

}  // namespace

Pending<Result> ApiKeyStore::Insert(Transaction& tx, TenantId tenant, const ApiKey& key,
                                    std::string_view secret_hash) const {
  return tx.Run(kInsert, tenant, key.id, key.display_name, NameOf(key.role), key.customer,
                key.prefix, postgres::Bytes{secret_hash}, key.created_by, key.create_time,
                key.expire_time);
}

Pending<std::optional<ApiKeyStore::Credential>> ApiKeyStore::FindCredential(Transaction& tx,
                                                                            TenantId tenant,
                                                                            ApiKeyId id) const {
  return tx.Run(kFindCredential, tenant, id).Map([](Result rows) -> std::optional<Credential> {
    if (rows.empty()) return std::nullopt;
    return Credential{ToApiKey(rows[0]), rows[0].Get<std::string>(10)};
  });
}

Pending<std::vector<ApiKey>> ApiKeyStore::List(Transaction& tx, TenantId tenant, ApiKeyId after,
                                               int limit) const {
  return tx.Run(kList, tenant, after, limit).Map(ToApiKeys);
}

Pending<ApiKey> ApiKeyStore::Lock(Transaction& tx, TenantId tenant, ApiKeyId id) const {
  return tx.RunForOne(kLock, "API key", ToApiKey, tenant, id);
}

Pending<Result> ApiKeyStore::Revoke(Transaction& tx, TenantId tenant, ApiKeyId id,
                                    absl::Time now) const {
  return tx.Run(kRevoke, tenant, id, now);
}

Pending<Result> ApiKeyStore::SetSuccessor(Transaction& tx, TenantId tenant, ApiKeyId id,
                                          ApiKeyId successor, absl::Time expire_time) const {
  return tx.Run(kSetSuccessor, tenant, id, successor, expire_time);
}

Pending<std::vector<ApiKey>> ApiKeyStore::ListCreatedBy(Transaction& tx, TenantId tenant,
                                                        std::string_view creator) const {
  return tx.Run(kListCreatedBy, tenant, creator).Map(ToApiKeys);
}

Pending<uint64_t> ApiKeyStore::BlankNamesOf(Transaction& tx, TenantId tenant,
                                            std::string_view creator) const {
  return tx.Run(kBlankNamesOf, tenant, creator).Map([](Result changed) {
    return static_cast<uint64_t>(changed.affected());
  });
}

}  // namespace kasbah::auth
