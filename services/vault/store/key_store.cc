#include "services/vault/store/key_store.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "services/vault/store/kek_rows.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;

#define KASBAH_KEY_COLUMNS                                                                     \
  "k.key_id, k.owner, k.name, k.purpose, k.primary_version, k.created_at, k.rotation_period, " \
  "k.next_rotation_at, k.min_open_version, k.destroy_delay, v.version, v.created_at, "         \
  "v.destroy_at, v.is_forced, v.destroyed_at, v.operations, " KASBAH_KEK_COLUMNS
#define KASBAH_KEYS                                                                     \
  "vault.keys k JOIN vault.key_versions v ON v.tenant_id = k.tenant_id AND v.key_id = " \
  "k.key_id" KASBAH_JOIN_KEK

constexpr Statement kFind{"keys.find", "SELECT " KASBAH_KEY_COLUMNS ", v.wrapped FROM " KASBAH_KEYS
                                       " WHERE k.tenant_id = $1 AND k.owner = $2 AND k.name = $3 "
                                       "ORDER BY v.version"};

constexpr Statement kList{"keys.list",
                          "SELECT " KASBAH_KEY_COLUMNS " FROM " KASBAH_KEYS
                          " WHERE k.tenant_id = $1 ORDER BY k.owner, k.name, v.version"};

constexpr Statement kGet{"keys.get", "SELECT " KASBAH_KEY_COLUMNS " FROM " KASBAH_KEYS
                                     " WHERE k.tenant_id = $1 AND k.owner = $2 AND k.name = $3 "
                                     "ORDER BY v.version"};

constexpr Statement kGetById{"keys.get_by_id",
                             "SELECT " KASBAH_KEY_COLUMNS " FROM " KASBAH_KEYS
                             " WHERE k.tenant_id = $1 AND k.key_id = $2 ORDER BY v.version"};

// Held until the transaction ends, by statements of their own: what a join read before it waited
// for the lock would be old.
constexpr Statement kHold{"keys.hold",
                          "SELECT FROM vault.keys k WHERE k.tenant_id = $1 AND k.owner = $2"
                          " AND k.name = $3 FOR UPDATE"};
constexpr Statement kHoldById{
    "keys.hold_by_id",
    "SELECT FROM vault.keys k WHERE k.tenant_id = $1 AND k.key_id = $2 FOR UPDATE"};

// Waits for another's insert of the same name, and then does nothing and raises.
constexpr Statement kCreate{
    "keys.create",
    "WITH made AS ("
    "  INSERT INTO vault.keys (tenant_id, key_id, owner, name, purpose, primary_version,"
    "                          rotation_period, next_rotation_at, destroy_delay)"
    "  VALUES ($1, $2, $3, $4, $5, 1, $7, $8, $9)"
    "  ON CONFLICT (tenant_id, owner, name) DO NOTHING RETURNING tenant_id, key_id"
    "), version AS ("
    "  INSERT INTO vault.key_versions (tenant_id, key_id, version, wrapped, generation)"
    "  SELECT tenant_id, key_id, 1, $6, $10 FROM made RETURNING 1"
    ") SELECT core.require((SELECT count(*) FROM version) = 1, 'ALREADY_EXISTS')",
    Access::kWrite};

// Nobody changes the KEK until this transaction has ended.
constexpr Statement kHoldKek{"keys.hold_kek",
                             "SELECT FROM vault.shares WHERE tenant_id = $1"
                             " AND subject_hash = ''::bytea FOR SHARE"};
constexpr Statement kRequireKek{"keys.require_kek",
                                "SELECT core.require(EXISTS(SELECT FROM vault.shares"
                                "  WHERE tenant_id = $1 AND subject_hash = ''::bytea"
                                "  AND generation = $2 AND shredded_at IS NULL), 'KEK_CHANGED')"};

constexpr Statement kFindKek{"keys.find_kek",
                             "SELECT " KASBAH_KEK_COLUMNS
                             " FROM (SELECT $1::uuid AS tenant_id) k" KASBAH_JOIN_KEK};

constexpr Statement kAddKek{
    "keys.add_kek",
    "WITH made AS ("
    "  INSERT INTO vault.shares (tenant_id, share_id) VALUES ($1, $2)"
    "  ON CONFLICT (tenant_id, subject_hash) DO NOTHING RETURNING 1"
    ") SELECT core.require((SELECT count(*) FROM made) = 1, 'ALREADY_EXISTS')",
    Access::kWrite};

constexpr Statement kAddVersion{
    "keys.add_version",
    "WITH changed AS ("
    "  UPDATE vault.keys SET primary_version = $3, next_rotation_at = $5"
    "  WHERE tenant_id = $1 AND key_id = $2 AND primary_version = $3 - 1"
    "  RETURNING tenant_id, key_id"
    "), added AS ("
    "  INSERT INTO vault.key_versions (tenant_id, key_id, version, wrapped, generation)"
    "  SELECT tenant_id, key_id, $3, $4, $6 FROM changed RETURNING 1"
    ") SELECT core.require((SELECT count(*) FROM added) = 1, 'NOT_FOUND')",
    Access::kWrite};

constexpr Statement kSaveKey{"keys.save",
                             "UPDATE vault.keys SET rotation_period = $3, next_rotation_at = $4,"
                             " min_open_version = $5, destroy_delay = $6"
                             " WHERE tenant_id = $1 AND key_id = $2",
                             Access::kWrite};

constexpr Statement kSaveVersion{
    "keys.save_version",
    "UPDATE vault.key_versions SET destroy_at = $4, is_forced = $5, destroyed_at = $6,"
    " wrapped = CASE WHEN $6::timestamptz IS NULL THEN wrapped END"
    " WHERE tenant_id = $1 AND key_id = $2 AND version = $3",
    Access::kWrite};

constexpr Statement kCountUses{"keys.count_uses",
                               "UPDATE vault.key_versions"
                               " SET operations = greatest(operations + $4, 0)"
                               " WHERE tenant_id = $1 AND key_id = $2 AND version = $3"
                               " AND operations + $4 <= $5 RETURNING operations",
                               Access::kWrite};

constexpr int kVersionColumns = 10;
constexpr int kKekColumn = 16;
constexpr int kWrappedColumn = kKekColumn + kKekColumns;

std::optional<absl::Duration> SecondsOf(std::optional<int64_t> seconds) {
  return seconds ? std::optional(absl::Seconds(*seconds)) : std::nullopt;
}

std::optional<int64_t> SecondsOf(std::optional<absl::Duration> duration) {
  return duration ? std::optional(absl::ToInt64Seconds(*duration)) : std::nullopt;
}

absl::StatusOr<StoredKey> KeyOf(const postgres::Row& row) {
  StoredKey key;
  key.id = row.Get<KeyId>(0);
  key.name = {row.Get<std::string>(1), row.Get<std::string>(2)};
  ASSIGN_OR_RETURN(key.purpose, ParseKeyPurpose(row.Get<std::string>(3)));
  key.primary_version = row.Get<uint32_t>(4);
  key.created_at = row.Get<absl::Time>(5);
  key.rotation_period = SecondsOf(row.Get<std::optional<int64_t>>(6));
  key.next_rotation = row.Get<std::optional<absl::Time>>(7);
  key.min_open_version = row.Get<uint32_t>(8);
  key.destroy_delay = absl::Seconds(row.Get<int64_t>(9));
  key.kek = KekOf(row, kKekColumn);
  return key;
}

StoredKeyVersion VersionOf(const postgres::Row& row, bool wrapped) {
  StoredKeyVersion version;
  version.version = row.Get<uint32_t>(kVersionColumns);
  version.created_at = row.Get<absl::Time>(kVersionColumns + 1);
  version.destroy_at = row.Get<std::optional<absl::Time>>(kVersionColumns + 2);
  version.is_forced = row.Get<bool>(kVersionColumns + 3);
  version.destroyed_at = row.Get<std::optional<absl::Time>>(kVersionColumns + 4);
  version.operations = row.Get<int64_t>(kVersionColumns + 5);
  if (wrapped) version.wrapped = row.Get<std::optional<std::string>>(kWrappedColumn).value_or("");
  return version;
}

// Rows of one or more keys, each key's versions together.
absl::StatusOr<std::vector<StoredKey>> KeysOf(const postgres::Result& rows, bool wrapped) {
  std::vector<StoredKey> keys;
  for (const postgres::Row row : rows) {
    if (keys.empty() || keys.back().id != row.Get<KeyId>(0)) {
      ASSIGN_OR_RETURN(StoredKey key, KeyOf(row));
      keys.push_back(std::move(key));
    }
    keys.back().versions.push_back(VersionOf(row, wrapped));
  }
  return keys;
}

absl::StatusOr<StoredKey> OneKey(const postgres::Result& rows) {
  ASSIGN_OR_RETURN(std::vector<StoredKey> keys, KeysOf(rows, /*wrapped=*/false));
  if (keys.empty()) return NotFound("key");
  return std::move(keys.front());
}

// Holds it, and reads it behind the lock.
absl::StatusOr<StoredKey> Hold(postgres::Transaction& tx, const CallContext& call,
                               const KeyName& name) {
  tx.Run(kHold, call.tenant, name.owner, name.name);
  return tx.Run(kGet, call.tenant, name.owner, name.name).Map(OneKey).Await();
}

absl::StatusOr<StoredKey> Hold(postgres::Transaction& tx, const CallContext& call, KeyId id) {
  tx.Run(kHoldById, call.tenant, id);
  return tx.Run(kGetById, call.tenant, id).Map(OneKey).Await();
}

// 0 where a key is wrapped by the root key alone.
uint32_t GenerationOf(const StoredKey& key) { return key.kek ? key.kek->generation : 0; }

postgres::Pending<std::optional<StoredKey>> FindWrapped(postgres::Transaction& tx,
                                                        const CallContext& call,
                                                        const KeyName& name) {
  return tx.Run(kFind, call.tenant, name.owner, name.name)
      .Map([](postgres::Result rows) -> absl::StatusOr<std::optional<StoredKey>> {
        ASSIGN_OR_RETURN(std::vector<StoredKey> keys, KeysOf(rows, /*wrapped=*/true));
        if (keys.empty()) return std::optional<StoredKey>();
        return std::optional<StoredKey>(std::move(keys.front()));
      });
}

outbox::Target TargetOf(const StoredKey& key) {
  return {"key", key.id.ToString(), key.name.ToString()};
}

}  // namespace

absl::StatusOr<std::optional<StoredKey>> KeyStore::Find(const CallContext& call,
                                                        const KeyName& name) {
  return database_.WithTenant(
      call, [&](postgres::Transaction& tx) { return FindWrapped(tx, call, name); });
}

absl::StatusOr<std::optional<StoredKey>> KeyStore::FindDue(const CallContext& call,
                                                           const KeyName& name) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return FindWrapped(tx, call, name); });
}

absl::Status KeyStore::Create(const CallContext& call, const StoredKey& key) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    if (key.kek) {
      tx.Run(kHoldKek, call.tenant);
      tx.Run(kRequireKek, call.tenant, key.kek->generation);
    }
    tx.Run(kCreate, call.tenant, key.id, key.name.owner, key.name.name, ToText(key.purpose),
           Bytes{key.versions.front().wrapped}, SecondsOf(key.rotation_period), key.next_rotation,
           absl::ToInt64Seconds(key.destroy_delay), GenerationOf(key));
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "key.create", TargetOf(key),
                                                 {{"purpose", std::string(ToText(key.purpose))}}));
  });
}

absl::StatusOr<std::optional<StoredKek>> KeyStore::FindKek(const CallContext& call) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(kFindKek, call.tenant).Map([](postgres::Result rows) {
      return KekOf(rows[0], 0);
    });
  });
}

absl::Status KeyStore::AddKek(const CallContext& call, const Uuid& share) {
  const absl::Status added =
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
        tx.Run(kAddKek, call.tenant, share);
        return outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, "kek.create", {"tenant", call.tenant.ToString(), ""}));
      });
  return absl::IsAlreadyExists(added) ? absl::OkStatus() : added;
}

absl::StatusOr<StoredKey> KeyStore::Rotate(const CallContext& call, const KeyName& name,
                                           TenantState state, const WrapVersion& wrap) {
  const auto rotate =
      [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<StoredKey>> {
    tx.Run(kHoldKek, call.tenant);
    ASSIGN_OR_RETURN(const StoredKey key, Hold(tx, call, name));
    const uint32_t next = key.primary_version + 1;
    ASSIGN_OR_RETURN(const std::string wrapped, wrap(key, next));
    std::optional<absl::Time> next_rotation;
    if (key.rotation_period) next_rotation = clock_.Now() + *key.rotation_period;
    tx.Run(kAddVersion, call.tenant, key.id, next, Bytes{wrapped}, next_rotation,
           GenerationOf(key));
    RETURN_IF_ERROR(outbox_.AppendAudit(tx, call,
                                        outbox::Succeeded(call, clock_, "key.rotate", TargetOf(key),
                                                          {{"version", std::to_string(next)}})));
    return tx.Run(kGetById, call.tenant, key.id).Map(OneKey);
  };
  return state == TenantState::kActive ? database_.WithTenant(call, rotate)
                                       : database_.WithTenantInAnyState(
                                             call, postgres::AnyStateToken::ForLifecycle(), rotate);
}

absl::StatusOr<StoredKey> KeyStore::SaveHeld(postgres::Transaction& tx, const CallContext& call,
                                             absl::StatusOr<StoredKey> held, const Decide& decide) {
  ASSIGN_OR_RETURN(StoredKey key, std::move(held));
  ASSIGN_OR_RETURN(std::optional<Change> change, decide(key));
  if (!change) return key;
  tx.Run(kSaveKey, call.tenant, key.id, SecondsOf(key.rotation_period), key.next_rotation,
         key.min_open_version, absl::ToInt64Seconds(key.destroy_delay));
  if (const StoredKeyVersion* version = key.Find(change->version); version != nullptr) {
    tx.Run(kSaveVersion, call.tenant, key.id, version->version, version->destroy_at,
           version->is_forced, version->destroyed_at);
    change->attributes.emplace_back("version", std::to_string(version->version));
  }
  RETURN_IF_ERROR(outbox_.AppendAudit(tx, call,
                                      outbox::Succeeded(call, clock_, change->action, TargetOf(key),
                                                        std::move(change->attributes))));
  return key;
}

absl::StatusOr<StoredKey> KeyStore::Save(const CallContext& call, const KeyName& name,
                                         const Decide& decide) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return SaveHeld(tx, call, Hold(tx, call, name), decide);
  });
}

absl::StatusOr<StoredKey> KeyStore::GetDue(const CallContext& call, KeyId id) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return tx.Run(kGetById, call.tenant, id).Map(OneKey); });
}

absl::StatusOr<StoredKey> KeyStore::SaveDue(const CallContext& call, KeyId id,
                                            const Decide& decide) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return SaveHeld(tx, call, Hold(tx, call, id), decide); });
}

absl::Status KeyStore::CountUses(const CallContext& call, KeyId key, uint32_t version,
                                 int64_t uses) {
  ASSIGN_OR_RETURN(
      const std::optional<int64_t> counted,
      database_.WithTenantUnaudited(
          call, postgres::UnauditedToken::ForBookkeeping(), [&](postgres::Transaction& tx) {
            return tx.Run(kCountUses, call.tenant, key, version, uses, operation_limit_)
                .Map([](postgres::Result rows) {
                  return rows.empty() ? std::nullopt : std::optional(rows[0].Get<int64_t>(0));
                });
          }));
  if (!counted) {
    return Error(absl::StatusCode::kResourceExhausted, "KEY_VERSION_EXHAUSTED",
                 "the key's newest version was used as often as it may be; rotate the key");
  }
  const int64_t worn = operation_limit_ / 4 * 3;
  if (*counted < worn || *counted - uses >= worn) return absl::OkStatus();
  telemetry::LogWarning("a key version nears its limit of operations and will be rotated",
                        {{"tenant", call.tenant.ToString()},
                         {"key", key.ToString()},
                         {"version", static_cast<int64_t>(version)}});
  return SaveDue(call, key,
                 [&](StoredKey& held) -> absl::StatusOr<std::optional<Change>> {
                   held.next_rotation = clock_.Now();
                   return Change{
                       "key.version.worn", version, {{"operations", std::to_string(*counted)}}};
                 })
      .status();
}

absl::StatusOr<std::vector<StoredKey>> KeyStore::List(const CallContext& call) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(kList, call.tenant).Map([](postgres::Result rows) {
      return KeysOf(rows, /*wrapped=*/false);
    });
  });
}

absl::StatusOr<std::vector<StoredKey>> KeyStore::ListInAnyState(const CallContext& call) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForErasure(), [&](postgres::Transaction& tx) {
        return tx.Run(kList, call.tenant).Map([](postgres::Result rows) {
          return KeysOf(rows, /*wrapped=*/false);
        });
      });
}

absl::StatusOr<StoredKey> KeyStore::Get(const CallContext& call, const KeyName& name) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(kGet, call.tenant, name.owner, name.name).Map(OneKey);
  });
}

}  // namespace kasbah::vault
