#pragma once

#include "libs/postgres/database.h"
#include "services/vault/domain/root_keys.h"

namespace kasbah::vault {

// vault.root_keys, through the root door. Thread safe.
class RootKeyStore : public RootKeySource {
 public:
  explicit RootKeyStore(postgres::Door& door) : door_(door) {}

  absl::StatusOr<std::vector<StoredRootKey>> List(absl::Time deadline) override;
  absl::Status InsertIfAbsent(const StoredRootKey& key, absl::Time deadline) override;

 private:
  postgres::Door& door_;
};

}  // namespace kasbah::vault
