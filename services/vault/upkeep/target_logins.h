#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/crypto/secret_bytes.h"
#include "libs/postgres/foreign_connection.h"
#include "services/vault/domain/lease.h"

namespace kasbah::vault {

// Logins in a tenant's database, as its admin user. Needs CREATEROLE there and no more; works from
// PostgreSQL 14 on. Each verb may be done again after it was cut off. Not thread safe.
class TargetLogins {
 public:
  TargetLogins(postgres::ForeignConnection& connection, absl::Time deadline)
      : connection_(connection), deadline_(deadline) {}

  // FAILED_PRECONDITION: ROLE_TOO_POWERFUL for a group that could give its members a way to stay,
  // TARGET_ROLE_MISSING for one that is not there.
  absl::Status CheckGroups(const std::vector<std::string>& groups);
  // "15.14", and what would keep this user from making and ending logins.
  struct Server {
    std::string version;
    std::vector<std::string> problems;
  };
  absl::StatusOr<Server> Look();

  // In one statement there: it stands with all that it has, or not at all. The server is sent a
  // verifier, not the password. `comment` is for its owner to find out what this is.
  absl::Status Create(const std::string& login, const crypto::SecretBytes& password,
                      const DatabaseRole& role, absl::Time until, const std::string& comment);
  // TARGET_ROLE_MISSING.
  absl::Status Extend(const std::string& login, absl::Time until);
  // Until when it may log in: nothing where there is no such login.
  absl::StatusOr<std::optional<absl::Time>> ValidUntil(const std::string& login);
  // Lets nobody in any more, terminates its sessions and waits until they are gone, hands what it
  // owns in this database to the admin user, and drops it.
  absl::Status Remove(const std::string& login);

 private:
  using Rows = std::vector<postgres::ForeignConnection::Row>;
  absl::StatusOr<Rows> Query(const std::string& sql, const std::vector<std::string>& params) {
    return connection_.Query(sql, params, deadline_);
  }

  postgres::ForeignConnection& connection_;
  const absl::Time deadline_;
};

}  // namespace kasbah::vault
