#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/clock.h"
#include "libs/http/address_guard.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/postgres/foreign_connection.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/lease.h"
#include "services/vault/store/key_store.h"

namespace kasbah::vault {

// The way into tenants' own databases: the host's address is checked, the admin user's password
// opened at that moment, with its event, and forgotten with the call. Thread safe.
class TargetAccess {
 public:
  using Attributes = std::vector<std::pair<std::string, std::string>>;

  TargetAccess(postgres::Database& database, outbox::Outbox& outbox, KeyRing& ring, KeyStore& keys,
               http::AddressGuard guard, const Clock& clock)
      : database_(database),
        outbox_(outbox),
        ring_(ring),
        keys_(keys),
        guard_(std::move(guard)),
        clock_(clock) {}

  // As the admin user. `attributes` of the password's event say what it is for. DNS_FAILED,
  // ADDRESS_BLOCKED, TLS_REQUIRED; SECRET_DELETED and the like of the secret; and what
  // ForeignConnection answers.
  absl::StatusOr<std::unique_ptr<postgres::ForeignConnection>> Connect(const CallContext& call,
                                                                       KeySource::TenantState state,
                                                                       const TargetDatabase& target,
                                                                       Attributes attributes,
                                                                       absl::Time deadline);

 private:
  absl::StatusOr<crypto::SecretBytes> OpenPassword(const CallContext& call,
                                                   KeySource::TenantState state,
                                                   const TargetDatabase& target,
                                                   Attributes attributes);
  absl::StatusOr<KeyRing::Lease> SecretsKey(const CallContext& call, KeySource::TenantState state);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  KeyRing& ring_;
  KeyStore& keys_;
  const http::AddressGuard guard_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
