#include "services/vault/store/key_store.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

constexpr Statement kFind{"keys.find",
                          "SELECT k.key_id, k.owner, k.name, k.purpose, k.primary_version,"
                          "       v.version, v.created_at, v.wrapped "
                          "FROM vault.keys k JOIN vault.key_versions v"
                          "  ON v.tenant_id = k.tenant_id AND v.key_id = k.key_id "
                          "WHERE k.tenant_id = $1 AND k.owner = $2 AND k.name = $3 "
                          "ORDER BY v.version"};

// The same, held until the transaction ends: one rotation of a key at a time.
constexpr Statement kFindForRotation{"keys.find_for_rotation",
                                     "SELECT k.key_id, k.owner, k.name, k.purpose,"
                                     "       k.primary_version "
                                     "FROM vault.keys k "
                                     "WHERE k.tenant_id = $1 AND k.owner = $2 AND k.name = $3 "
                                     "FOR UPDATE"};

constexpr Statement kList{"keys.list",
                          "SELECT k.key_id, k.owner, k.name, k.purpose, k.primary_version,"
                          "       v.version, v.created_at "
                          "FROM vault.keys k JOIN vault.key_versions v"
                          "  ON v.tenant_id = k.tenant_id AND v.key_id = k.key_id "
                          "WHERE k.tenant_id = $1 ORDER BY k.owner, k.name, v.version"};

// Waits for another's insert of the same name, and then does nothing and raises.
constexpr Statement kCreate{
    "keys.create",
    "WITH made AS ("
    "  INSERT INTO vault.keys (tenant_id, key_id, owner, name, purpose, primary_version)"
    "  VALUES ($1, $2, $3, $4, $5, 1)"
    "  ON CONFLICT (tenant_id, owner, name) DO NOTHING RETURNING tenant_id, key_id"
    "), version AS ("
    "  INSERT INTO vault.key_versions (tenant_id, key_id, version, wrapped)"
    "  SELECT tenant_id, key_id, 1, $6 FROM made RETURNING 1"
    ") SELECT core.require((SELECT count(*) FROM version) = 1, 'ALREADY_EXISTS')",
    Access::kWrite};

constexpr Statement kAddVersion{
    "keys.add_version",
    "WITH changed AS ("
    "  UPDATE vault.keys SET primary_version = $3"
    "  WHERE tenant_id = $1 AND key_id = $2 AND primary_version = $3 - 1"
    "  RETURNING tenant_id, key_id"
    "), added AS ("
    "  INSERT INTO vault.key_versions (tenant_id, key_id, version, wrapped)"
    "  SELECT tenant_id, key_id, $3, $4 FROM changed RETURNING 1"
    ") SELECT core.require((SELECT count(*) FROM added) = 1, 'NOT_FOUND')",
    Access::kWrite};

absl::StatusOr<StoredKey> KeyOf(const postgres::Row& row) {
  StoredKey key;
  key.id = row.Get<KeyId>(0);
  key.name = {row.Get<std::string>(1), row.Get<std::string>(2)};
  ASSIGN_OR_RETURN(key.purpose, ParseKeyPurpose(row.Get<std::string>(3)));
  key.primary_version = row.Get<uint32_t>(4);
  return key;
}

// Rows of one or more keys, each key's versions together.
absl::StatusOr<std::vector<StoredKey>> KeysOf(const postgres::Result& rows, bool wrapped) {
  std::vector<StoredKey> keys;
  for (const postgres::Row row : rows) {
    if (keys.empty() || keys.back().id != row.Get<KeyId>(0)) {
      ASSIGN_OR_RETURN(StoredKey key, KeyOf(row));
      keys.push_back(std::move(key));
    }
    keys.back().versions.push_back({row.Get<uint32_t>(5),
                                    wrapped ? row.Get<std::string>(7) : std::string(),
                                    row.Get<absl::Time>(6)});
  }
  return keys;
}

outbox::Target TargetOf(const StoredKey& key) {
  return {"key", key.id.ToString(), key.name.ToString()};
}

}  // namespace

absl::StatusOr<std::optional<StoredKey>> KeyStore::Find(const CallContext& call,
                                                        const KeyName& name) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(kFind, call.tenant, name.owner, name.name)
        .Map([](postgres::Result rows) -> absl::StatusOr<std::optional<StoredKey>> {
          ASSIGN_OR_RETURN(std::vector<StoredKey> keys, KeysOf(rows, /*wrapped=*/true));
          if (keys.empty()) return std::optional<StoredKey>();
          return std::optional<StoredKey>(std::move(keys.front()));
        });
  });
}

absl::Status KeyStore::Create(const CallContext& call, const StoredKey& key) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    tx.Run(kCreate, call.tenant, key.id, key.name.owner, key.name.name, ToText(key.purpose),
           Bytes{key.versions.front().wrapped});
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "key.create", TargetOf(key),
                                                 {{"purpose", std::string(ToText(key.purpose))}}));
  });
}

absl::StatusOr<StoredKey> KeyStore::Rotate(const CallContext& call, const KeyName& name,
                                           const WrapVersion& wrap) {
  const absl::Status rotated =
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
        ASSIGN_OR_RETURN(const StoredKey key, tx.RunForOne(kFindForRotation, "key", KeyOf,
                                                           call.tenant, name.owner, name.name)
                                                  .Await());
        const uint32_t next = key.primary_version + 1;
        ASSIGN_OR_RETURN(const std::string wrapped, wrap(key, next));
        tx.Run(kAddVersion, call.tenant, key.id, next, Bytes{wrapped});
        return outbox_.AppendAudit(tx, call,
                                   outbox::Succeeded(call, clock_, "key.rotate", TargetOf(key),
                                                     {{"version", std::to_string(next)}}));
      });
  RETURN_IF_ERROR(rotated);
  ASSIGN_OR_RETURN(std::optional<StoredKey> key, Find(call, name));
  if (!key.has_value()) return NotFound("key");
  return *std::move(key);
}

absl::StatusOr<std::vector<StoredKey>> KeyStore::List(const CallContext& call) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(kList, call.tenant).Map([](postgres::Result rows) {
      return KeysOf(rows, /*wrapped=*/false);
    });
  });
}

}  // namespace kasbah::vault
