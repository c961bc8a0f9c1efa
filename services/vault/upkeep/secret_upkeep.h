#pragma once

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/vault/domain/secret.h"
#include "services/vault/store/due_store.h"

namespace kasbah::vault {

// What time asks of secrets: deletes those that expired, says which are due for rotation, destroys
// versions whose delay is over, removes secrets that were deleted long enough ago, forgets request
// ids.
class SecretUpkeep {
 public:
  SecretUpkeep(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  absl::Status Do(const CallContext& call, const Due& due);
  // Since when request ids are remembered.
  absl::Time RequestsKeptSince() const;

 private:
  absl::Status InTenant(const Due& due, postgres::Transaction& tx, const CallContext& call);
  absl::Status Destroy(const Due& due, const Secret& secret, postgres::Transaction& tx,
                       const CallContext& call);
  absl::Status Rotate(Secret secret, postgres::Transaction& tx, const CallContext& call);
  absl::Status Append(postgres::Transaction& tx, const CallContext& call, std::string_view action,
                      const Secret& secret, uint32_t version = 0);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
