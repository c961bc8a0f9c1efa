#include "services/vault/store/root_key_store.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::OwnedBytes;
using postgres::Statement;

constexpr Statement kList{"root_keys.list",
                          "SELECT k.version, k.key_id, w.seal, w.wrapped FROM vault.root_keys k"
                          " LEFT JOIN vault.root_key_wraps w ON w.version = k.version"
                          " ORDER BY k.version, w.seal"};

// Of replicas that start together one makes the key and its wraps, the others nothing.
constexpr Statement kInsertIfAbsent{
    "root_keys.insert_if_absent",
    "WITH made AS ("
    "  INSERT INTO vault.root_keys (version, key_id) VALUES ($1, $2)"
    "  ON CONFLICT (version) DO NOTHING RETURNING version"
    ") INSERT INTO vault.root_key_wraps (version, seal, wrapped)"
    "  SELECT made.version, w.seal, w.wrapped FROM made, unnest($3::text[], $4::bytea[])"
    "    AS w (seal, wrapped)",
    Access::kWrite};

constexpr Statement kAddWrap{"root_keys.add_wrap",
                             "INSERT INTO vault.root_key_wraps (version, seal, wrapped)"
                             " VALUES ($1, $2, $3) ON CONFLICT (version, seal) DO NOTHING"
                             " RETURNING 1::bigint",
                             Access::kWrite};

constexpr Statement kForget{"root_keys.forget",
                            "WITH gone AS (DELETE FROM vault.root_key_wraps WHERE seal = $1"
                            " RETURNING 1) SELECT count(*) FROM gone",
                            Access::kWrite};

constexpr Statement kEnter{"root_keys.enter", "SELECT core.enter_any_state($1, 'all')"};

}  // namespace

absl::StatusOr<std::vector<StoredRootKey>> RootKeyStore::List(absl::Time deadline) {
  return door_.Run(deadline, [](postgres::Transaction& tx) {
    return tx.Run(kList).Map([](postgres::Result rows) {
      std::vector<StoredRootKey> keys;
      for (const postgres::Row row : rows) {
        const RootKeyRef ref{row.Get<Uuid>(1), row.Get<uint32_t>(0)};
        if (keys.empty() || !(keys.back().ref == ref)) keys.push_back({ref, {}});
        const auto seal = row.Get<std::optional<std::string>>(2);
        if (seal) keys.back().wraps[*seal] = row.Get<std::string>(3);
      }
      return keys;
    });
  });
}

absl::Status RootKeyStore::InsertIfAbsent(const StoredRootKey& key, absl::Time deadline) {
  std::vector<std::string> seals;
  std::vector<OwnedBytes> wraps;
  for (const auto& [seal, wrapped] : key.wraps) {
    seals.push_back(seal);
    wraps.push_back(OwnedBytes{wrapped});
  }
  return door_.Run(deadline, [&](postgres::Transaction& tx) -> absl::Status {
    tx.Run(kInsertIfAbsent, key.ref.version, key.ref.key_id, seals, wraps);
    return absl::OkStatus();
  });
}

absl::Status RootKeyStore::AddWrap(uint32_t version, const std::string& seal,
                                   const std::string& wrapped, absl::Time deadline) {
  const CallContext call =
      CallContext::ForBackground(std::string(kVaultOwner), kSystemTenant, deadline);
  return door_.Run(deadline, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const postgres::Result added,
                     tx.Run(kAddWrap, version, seal, postgres::Bytes{wrapped}).Await());
    if (added.empty()) return absl::OkStatus();
    tx.Run(kEnter, call.tenant);
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "seal.wrap", {"seal", seal, ""},
                                                 {{"root_key_version", StrCat(version)}}));
  });
}

absl::StatusOr<int64_t> RootKeyStore::Forget(const CallContext& call, const std::string& seal) {
  CallContext own = call;
  own.tenant = kSystemTenant;
  return door_.Run(
      call.deadline, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<int64_t>> {
        auto gone = tx.Run(kForget, seal).Map([](postgres::Result rows) {
          return rows[0].Get<int64_t>(0);
        });
        tx.Run(kEnter, own.tenant);
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, own, outbox::Succeeded(own, clock_, "seal.forget", {"seal", seal, ""})));
        return gone;
      });
}

}  // namespace kasbah::vault
