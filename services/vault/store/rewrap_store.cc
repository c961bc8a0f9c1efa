#include "services/vault/store/rewrap_store.h"

#include "libs/base/status_macros.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Row;
using postgres::Statement;

#define KASBAH_REWRAP_COLUMNS                                                              \
  "r.rewrap_id, r.key_id, k.owner, k.name, r.target_version, r.state, r.cursor, r.total, " \
  "r.seen, r.rewrapped, r.failed, r.waiting_for, r.created_at, r.updated_at, r.finished_at "
#define KASBAH_REWRAPS \
  "vault.rewraps r JOIN vault.keys k ON k.tenant_id = r.tenant_id AND k.key_id = r.key_id "

constexpr Statement kInsert{"rewraps.insert",
                            "INSERT INTO vault.rewraps"
                            " (tenant_id, rewrap_id, key_id, target_version, total)"
                            " VALUES ($1, $2, $3, $4, $5)",
                            Access::kWrite};

constexpr Statement kGet{"rewraps.get", "SELECT " KASBAH_REWRAP_COLUMNS "FROM " KASBAH_REWRAPS
                                        "WHERE r.tenant_id = $1 AND r.rewrap_id = $2"};

constexpr Statement kGetForUpdate{"rewraps.get_for_update",
                                  "SELECT " KASBAH_REWRAP_COLUMNS "FROM " KASBAH_REWRAPS
                                  "WHERE r.tenant_id = $1 AND r.rewrap_id = $2 FOR UPDATE OF r"};

constexpr Statement kList{"rewraps.list", "SELECT " KASBAH_REWRAP_COLUMNS "FROM " KASBAH_REWRAPS
                                          "WHERE r.tenant_id = $1 ORDER BY r.rewrap_id DESC"
                                          " LIMIT $2"};

constexpr Statement kSetState{"rewraps.set_state",
                              "UPDATE vault.rewraps SET state = $3, finished_at = $4,"
                              " updated_at = $5, waiting_for = '', lease_until = $5"
                              " WHERE tenant_id = $1 AND rewrap_id = $2",
                              Access::kWrite};

constexpr Statement kClaim{"rewraps.claim",
                           "WITH r AS ("
                           "  UPDATE vault.rewraps SET lease_until = $4"
                           "  WHERE tenant_id = $1 AND rewrap_id = $2 AND state = 'running'"
                           "    AND lease_until <= $3 RETURNING *"
                           ") SELECT " KASBAH_REWRAP_COLUMNS
                           "FROM r JOIN vault.keys k"
                           "  ON k.tenant_id = r.tenant_id AND k.key_id = r.key_id",
                           Access::kWrite};

constexpr Statement kAdvance{"rewraps.advance",
                             "UPDATE vault.rewraps SET cursor = $4, seen = seen + $5,"
                             " rewrapped = rewrapped + $6, failed = failed + $7, waiting_for = '',"
                             " updated_at = $8, lease_until = $9"
                             " WHERE tenant_id = $1 AND rewrap_id = $2 AND state = 'running'"
                             " AND cursor = $3 RETURNING 1::bigint",
                             Access::kWrite};

constexpr Statement kRelease{"rewraps.release",
                             "UPDATE vault.rewraps SET waiting_for = $3, lease_until = $4"
                             " WHERE tenant_id = $1 AND rewrap_id = $2 AND state = 'running'",
                             Access::kWrite};

absl::StatusOr<Rewrap> RewrapOf(const Row& row) {
  Rewrap rewrap;
  rewrap.id = row.Get<RewrapId>(0);
  rewrap.key = row.Get<KeyId>(1);
  rewrap.name = {row.Get<std::string>(2), row.Get<std::string>(3)};
  rewrap.target_version = row.Get<uint32_t>(4);
  ASSIGN_OR_RETURN(rewrap.state, ParseRewrapState(row.Get<std::string>(5)));
  rewrap.cursor = row.Get<std::string>(6);
  rewrap.total = row.Get<uint64_t>(7);
  rewrap.seen = row.Get<uint64_t>(8);
  rewrap.rewrapped = row.Get<uint64_t>(9);
  rewrap.failed = row.Get<uint64_t>(10);
  rewrap.waiting_for = row.Get<std::string>(11);
  rewrap.created_at = row.Get<absl::Time>(12);
  rewrap.updated_at = row.Get<absl::Time>(13);
  rewrap.finished_at = row.Get<std::optional<absl::Time>>(14);
  return rewrap;
}

}  // namespace

void RewrapStore::Insert(Transaction& tx, TenantId tenant, const Rewrap& rewrap) {
  tx.Run(kInsert, tenant, rewrap.id, rewrap.key, rewrap.target_version, rewrap.total);
}

postgres::Pending<Rewrap> RewrapStore::Get(Transaction& tx, TenantId tenant, RewrapId id) {
  return tx.RunForOne(kGet, "rewrap", RewrapOf, tenant, id);
}

postgres::Pending<Rewrap> RewrapStore::GetForUpdate(Transaction& tx, TenantId tenant, RewrapId id) {
  return tx.RunForOne(kGetForUpdate, "rewrap", RewrapOf, tenant, id);
}

postgres::Pending<std::vector<Rewrap>> RewrapStore::List(Transaction& tx, TenantId tenant,
                                                         int limit) {
  return tx.Run(kList, tenant, limit)
      .Map([](postgres::Result rows) -> absl::StatusOr<std::vector<Rewrap>> {
        std::vector<Rewrap> rewraps;
        for (const Row row : rows) {
          ASSIGN_OR_RETURN(Rewrap rewrap, RewrapOf(row));
          rewraps.push_back(std::move(rewrap));
        }
        return rewraps;
      });
}

void RewrapStore::SetState(Transaction& tx, TenantId tenant, RewrapId id, RewrapState state,
                           absl::Time now) {
  const bool is_end = state == RewrapState::kCancelled || state == RewrapState::kDone;
  tx.Run(kSetState, tenant, id, ToText(state), is_end ? std::optional(now) : std::nullopt, now);
}

postgres::Pending<std::optional<Rewrap>> RewrapStore::Claim(Transaction& tx, TenantId tenant,
                                                            RewrapId id, absl::Time now,
                                                            absl::Time lease_until) {
  return tx.Run(kClaim, tenant, id, now, lease_until)
      .Map([](postgres::Result rows) -> absl::StatusOr<std::optional<Rewrap>> {
        if (rows.empty()) return std::optional<Rewrap>();
        ASSIGN_OR_RETURN(Rewrap rewrap, RewrapOf(rows[0]));
        return std::optional<Rewrap>(std::move(rewrap));
      });
}

postgres::Pending<bool> RewrapStore::Advance(Transaction& tx, TenantId tenant, RewrapId id,
                                             const std::string& cursor,
                                             const CiphertextHolder::Page& page, absl::Time now,
                                             absl::Time lease_until) {
  return tx
      .Run(kAdvance, tenant, id, cursor, page.cursor, page.seen, page.rewrapped, page.failed, now,
           lease_until)
      .Map([](postgres::Result rows) { return !rows.empty(); });
}

void RewrapStore::Release(Transaction& tx, TenantId tenant, RewrapId id,
                          std::string_view waiting_for, absl::Time again) {
  tx.Run(kRelease, tenant, id, waiting_for, again);
}

}  // namespace kasbah::vault
