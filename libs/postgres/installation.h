#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/postgres/database.h"

namespace kasbah::postgres {

// A database belongs to one installation, known by its trust domain. Two clusters of one
// installation share it as replicas do; another installation's is refused with FAILED_PRECONDITION,
// reason OTHER_INSTALLATION: it would write into tenants, logs and keys that are not its own.

// For a service, before it writes: the first installation that comes gets the database.
absl::Status ClaimDatabase(Database& database, std::string_view trust_domain, absl::Time deadline);

// For the migrator, before it changes anything: OK while it is nobody's.
absl::Status CheckInstallation(const std::string& dsn, std::string_view trust_domain);

// Gives it to another: after a copy of one installation's database was restored for a second. What
// its services wrote stays as it was, under the old names.
absl::Status GiveDatabase(const std::string& dsn, std::string_view trust_domain);

}  // namespace kasbah::postgres
