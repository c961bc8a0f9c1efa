#include "services/vault/store/root_key_store.h"

namespace kasbah::vault {
namespace {

using postgres::Access;
using postgres::Statement;

constexpr Statement kList{"root_keys.list",
                          "SELECT version, key_id, seal, wrapped FROM vault.root_keys "
                          "ORDER BY version"};

constexpr Statement kInsertIfAbsent{"root_keys.insert_if_absent",
                                    "INSERT INTO vault.root_keys (version, key_id, seal, wrapped) "
                                    "VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING",
                                    Access::kWrite};

}  // namespace

absl::StatusOr<std::vector<StoredRootKey>> RootKeyStore::List(absl::Time deadline) {
  return door_.Run(deadline, [](postgres::Transaction& tx) {
    return tx.Run(kList).Map([](postgres::Result rows) {
      std::vector<StoredRootKey> keys;
      for (const postgres::Row row : rows) {
        keys.push_back({{row.Get<Uuid>(1), row.Get<uint32_t>(0)},
                        row.Get<std::string>(2),
                        row.Get<std::string>(3)});
      }
      return keys;
    });
  });
}

absl::Status RootKeyStore::InsertIfAbsent(const StoredRootKey& key, absl::Time deadline) {
  return door_.Run(deadline, [&](postgres::Transaction& tx) -> absl::Status {
    tx.Run(kInsertIfAbsent, key.ref.version, key.ref.key_id, key.seal,
           postgres::Bytes{key.wrapped});
    return absl::OkStatus();
  });
}

}  // namespace kasbah::vault
