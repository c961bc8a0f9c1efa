#pragma once

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/crypto/secret_bytes.h"
#include "libs/postgres/database.h"

namespace kasbah::tenantdata {

// tenant_data.cursor_keys: what signs a tenant's page tokens, made at its first use and kept in
// memory from then on. Thread safe.
class CursorKeys {
 public:
  explicit CursorKeys(postgres::Database& database) : database_(database) {}

  absl::StatusOr<std::shared_ptr<const crypto::SecretBytes>> Get(const CallContext& call);

 private:
  absl::StatusOr<std::string> Load(const CallContext& call);

  postgres::Database& database_;
  absl::Mutex mutex_;
  absl::flat_hash_map<TenantId, std::shared_ptr<const crypto::SecretBytes>> keys_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::tenantdata
