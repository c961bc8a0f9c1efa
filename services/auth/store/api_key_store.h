#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/auth/domain/api_key.h"

namespace kasbah::auth {

// A tenant's keys, within the transaction's tenant and customer scope. No state of its own.
class ApiKeyStore {
 public:
  // What ResolveCredential compares a presented key with.
  struct Credential {
    ApiKey key;
    // SHA-256, 32 bytes.
    std::string secret_hash;
  };

  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, TenantId tenant,
                                             const ApiKey& key, std::string_view secret_hash) const;
  // One statement, no lock: the hot path.
  postgres::Pending<std::optional<Credential>> FindCredential(postgres::Transaction& tx,
                                                              TenantId tenant, ApiKeyId id) const;
  // In the order they were made, after `after`.
  postgres::Pending<std::vector<ApiKey>> List(postgres::Transaction& tx, TenantId tenant,
                                              ApiKeyId after, int limit) const;
  // Locks the key until the transaction ends; NOT_FOUND.
  postgres::Pending<ApiKey> Lock(postgres::Transaction& tx, TenantId tenant, ApiKeyId id) const;
  postgres::Pending<postgres::Result> Revoke(postgres::Transaction& tx, TenantId tenant,
                                             ApiKeyId id, absl::Time now) const;
  postgres::Pending<postgres::Result> SetSuccessor(postgres::Transaction& tx, TenantId tenant,
                                                   ApiKeyId id, ApiKeyId successor,
                                                   absl::Time expire_time) const;

  // What the keys that `creator` made are called: (key, name).
  postgres::Pending<std::vector<ApiKey>> ListCreatedBy(postgres::Transaction& tx, TenantId tenant,
                                                       std::string_view creator) const;
  // Blanks those names; how many.
  postgres::Pending<uint64_t> BlankNamesOf(postgres::Transaction& tx, TenantId tenant,
                                           std::string_view creator) const;
};

}  // namespace kasbah::auth
