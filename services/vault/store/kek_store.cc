#include "services/vault/store/kek_store.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/vault/store/kek_rows.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::OwnedBytes;
using postgres::Statement;

constexpr Statement kFind{"keks.find", "SELECT " KASBAH_KEK_COLUMNS
                                       " FROM (SELECT $1::uuid AS tenant_id) k" KASBAH_JOIN_KEK};

// By itself, and before anything is read: what a join read before it waited would be old.
constexpr Statement kHold{"keks.hold",
                          "SELECT FROM vault.shares WHERE tenant_id = $1"
                          " AND subject_hash = ''::bytea FOR UPDATE"};

constexpr Statement kVersions{"keks.versions",
                              "SELECT k.key_id, v.version, k.purpose, v.wrapped"
                              " FROM vault.keys k JOIN vault.key_versions v"
                              "   ON v.tenant_id = k.tenant_id AND v.key_id = k.key_id"
                              " WHERE k.tenant_id = $1 AND v.wrapped IS NOT NULL"
                              " ORDER BY k.key_id, v.version FOR UPDATE OF v"};

constexpr Statement kSaveGeneration{"keks.save_generation",
                                    "UPDATE vault.shares SET generation = $2"
                                    " WHERE tenant_id = $1 AND subject_hash = ''::bytea",
                                    Access::kWrite};

constexpr Statement kSaveSeal{
    "keks.save_seal",
    "INSERT INTO vault.tenant_seals (tenant_id, kind, key, token, wrapped)"
    " VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (tenant_id) DO UPDATE SET kind = excluded.kind, key = excluded.key,"
    " token = excluded.token, wrapped = excluded.wrapped, created_at = now()",
    Access::kWrite};

constexpr Statement kRemoveSeal{
    "keks.remove_seal", "DELETE FROM vault.tenant_seals WHERE tenant_id = $1", Access::kWrite};

constexpr Statement kSaveVersions{
    "keks.save_versions",
    "UPDATE vault.key_versions v SET wrapped = n.wrapped, generation = $5"
    " FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS n (key_id, version, wrapped)"
    " WHERE v.tenant_id = $1 AND v.key_id = n.key_id AND v.version = n.version"
    " AND v.wrapped IS NOT NULL",
    Access::kWrite};

constexpr Statement kFindSubjects{
    "keks.find_subjects",
    "SELECT subject_hash, share_id, shredded_at IS NOT NULL, $3 = ANY (key_ids)"
    " FROM vault.shares WHERE tenant_id = $1 AND subject_hash = ANY ($2)"};

constexpr Statement kAddSubjects{
    "keks.add_subjects",
    "INSERT INTO vault.shares (tenant_id, subject_hash, share_id)"
    " SELECT $1, n.hash, n.share FROM unnest($2::bytea[], $3::uuid[]) AS n (hash, share)"
    " ON CONFLICT (tenant_id, subject_hash) DO NOTHING",
    Access::kWrite};

constexpr Statement kNoteKey{"keks.note_key",
                             "UPDATE vault.shares SET key_ids = key_ids || $3"
                             " WHERE tenant_id = $1 AND subject_hash = ANY ($2)"
                             " AND shredded_at IS NULL AND $3 <> ALL (key_ids)",
                             Access::kWrite};

// Of the tenant's own share every key; of a subject's those that are noted.
constexpr Statement kShred{
    "keks.shred",
    "WITH ended AS ("
    "  UPDATE vault.shares SET shredded_at = $3"
    "  WHERE tenant_id = $1 AND ($2::bytea IS NULL OR subject_hash = $2) AND shredded_at IS NULL"
    "  RETURNING key_ids)"
    " SELECT (SELECT count(*) FROM ended),"
    "   ARRAY(SELECT k.owner || '/' || k.name FROM vault.keys k WHERE k.tenant_id = $1"
    "     AND EXISTS (SELECT FROM ended)"
    "     AND ($2::bytea IS NULL OR k.key_id IN (SELECT unnest(key_ids) FROM ended))"
    "     ORDER BY 1)",
    Access::kWrite};

constexpr Statement kShredded{"keks.shredded",
                              "SELECT share_id FROM vault.shares WHERE tenant_id = $1"
                              " AND shredded_at IS NOT NULL AND destroyed_at IS NULL"
                              " ORDER BY shredded_at LIMIT $2"};

// Nothing where another replica was quicker: then there is no event either.
constexpr Statement kMarkDestroyed{
    "keks.mark_destroyed",
    "WITH marked AS ("
    "  UPDATE vault.shares SET destroyed_at = $3 WHERE tenant_id = $1 AND share_id = ANY ($2)"
    "  AND shredded_at IS NOT NULL AND destroyed_at IS NULL RETURNING 1"
    ") SELECT core.require((SELECT count(*) FROM marked) > 0, 'ALREADY_EXISTS')",
    Access::kWrite};

std::vector<OwnedBytes> BytesOf(const std::vector<std::string>& values) {
  std::vector<OwnedBytes> bytes;
  for (const std::string& value : values) bytes.push_back({value});
  return bytes;
}

absl::StatusOr<std::vector<KekStore::Wrapped>> VersionsOf(const postgres::Result& rows,
                                                          TenantId tenant) {
  std::vector<KekStore::Wrapped> versions;
  for (const postgres::Row row : rows) {
    ASSIGN_OR_RETURN(const KeyPurpose purpose, ParseKeyPurpose(row.Get<std::string>(2)));
    versions.push_back(
        {{tenant, row.Get<KeyId>(0), row.Get<uint32_t>(1), purpose}, row.Get<std::string>(3)});
  }
  return versions;
}

void Save(postgres::Transaction& tx, TenantId tenant, const KekStore::Change& change) {
  tx.Run(kSaveGeneration, tenant, change.next.generation);
  if (const auto& seal = change.next.seal; seal) {
    tx.Run(kSaveSeal, tenant, seal->kind, seal->key, seal->token, Bytes{change.next.sealed_half});
  } else {
    tx.Run(kRemoveSeal, tenant);
  }
  std::vector<KeyId> keys;
  std::vector<int64_t> versions;
  std::vector<OwnedBytes> wrapped;
  for (const KekStore::Wrapped& version : change.wrapped) {
    keys.push_back(version.ref.key);
    versions.push_back(version.ref.version);
    wrapped.push_back({version.bytes});
  }
  tx.Run(kSaveVersions, tenant, keys, versions, wrapped, change.next.generation);
}

}  // namespace

absl::StatusOr<std::vector<StoredSubject>> KekStore::FindSubjects(
    const CallContext& call, const std::vector<std::string>& hashes, KeyId key) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(kFindSubjects, call.tenant, BytesOf(hashes), key).Map([](postgres::Result rows) {
      std::vector<StoredSubject> subjects;
      for (const postgres::Row row : rows) {
        subjects.push_back(
            {row.Get<std::string>(0), row.Get<Uuid>(1), row.Get<bool>(2), row.Get<bool>(3)});
      }
      return subjects;
    });
  });
}

absl::Status KekStore::AddSubjects(const CallContext& call,
                                   const std::vector<StoredSubject>& subjects,
                                   const std::vector<std::string>& hashes, KeyId key) {
  std::vector<OwnedBytes> new_hashes;
  std::vector<Uuid> shares;
  for (const StoredSubject& subject : subjects) {
    new_hashes.push_back({subject.hash});
    shares.push_back(subject.share);
  }
  return database_.WithTenantUnaudited(call, postgres::UnauditedToken::ForBookkeeping(),
                                       [&](postgres::Transaction& tx) -> absl::Status {
                                         tx.Run(kAddSubjects, call.tenant, new_hashes, shares);
                                         tx.Run(kNoteKey, call.tenant, BytesOf(hashes), key);
                                         return absl::OkStatus();
                                       });
}

absl::StatusOr<std::optional<StoredKek>> KekStore::Find(const CallContext& call) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(), [&](postgres::Transaction& tx) {
        return tx.Run(kFind, call.tenant).Map([](postgres::Result rows) {
          return rows.empty() ? std::nullopt : KekOf(rows[0], 0);
        });
      });
}

absl::StatusOr<StoredKek> KekStore::Replace(const CallContext& call, const Decide& decide) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) -> absl::StatusOr<StoredKek> {
        tx.Run(kHold, call.tenant);
        auto found = tx.Run(kFind, call.tenant);
        ASSIGN_OR_RETURN(const postgres::Result versions, tx.Run(kVersions, call.tenant).Await());
        ASSIGN_OR_RETURN(const postgres::Result rows, found.Take());
        const std::optional<StoredKek> held = KekOf(rows[0], 0);
        if (!held) return NotFound("tenant's KEK");
        ASSIGN_OR_RETURN(const std::vector<Wrapped> wrapped, VersionsOf(versions, call.tenant));
        ASSIGN_OR_RETURN(Change change, decide(*held, wrapped));
        Save(tx, call.tenant, change);
        change.attributes.emplace_back("generation", StrCat(change.next.generation));
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, change.action, {"tenant", call.tenant.ToString(), ""},
                              std::move(change.attributes))));
        return change.next;
      });
}

absl::StatusOr<std::vector<std::string>> KekStore::Shred(const CallContext& call,
                                                         const std::optional<std::string>& hash,
                                                         std::string_view action) {
  std::optional<OwnedBytes> subject;
  if (hash) subject = OwnedBytes{*hash};
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForErasure(),
      [&](postgres::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
        ASSIGN_OR_RETURN(const postgres::Result rows,
                         tx.Run(kShred, call.tenant, subject, clock_.Now()).Await());
        const int64_t ended = rows[0].Get<int64_t>(0);
        // Again: nothing changed, and yet somebody asked.
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, action, {"tenant", call.tenant.ToString(), ""},
                              {{"shares", StrCat(ended)}})));
        return rows[0].Get<std::vector<std::string>>(1);
      });
}

absl::StatusOr<std::vector<std::string>> KekStore::ShredTenant(const CallContext& call) {
  return Shred(call, std::nullopt, "tenant.shred");
}

absl::StatusOr<std::vector<std::string>> KekStore::ShredSubject(const CallContext& call,
                                                                const std::string& hash) {
  return Shred(call, hash, "subject.shred");
}

absl::StatusOr<std::vector<Uuid>> KekStore::ListShredded(const CallContext& call, int limit) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForErasure(), [&](postgres::Transaction& tx) {
        return tx.Run(kShredded, call.tenant, limit).Map([](postgres::Result rows) {
          std::vector<Uuid> shares;
          for (const postgres::Row row : rows) shares.push_back(row.Get<Uuid>(0));
          return shares;
        });
      });
}

absl::Status KekStore::MarkDestroyed(const CallContext& call, const std::vector<Uuid>& shares) {
  const absl::Status marked = database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForErasure(), [&](postgres::Transaction& tx) -> absl::Status {
        tx.Run(kMarkDestroyed, call.tenant, shares, clock_.Now());
        return outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, "share.destroy", {"tenant", call.tenant.ToString(), ""},
                              {{"shares", StrCat(shares.size())}}));
      });
  return absl::IsAlreadyExists(marked) ? absl::OkStatus() : marked;
}

}  // namespace kasbah::vault
