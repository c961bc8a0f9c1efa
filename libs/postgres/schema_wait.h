#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/postgres/migration.h"

namespace kasbah::postgres {

// Waits until everything of `migrations` was applied to the role's database; more than that may
// have been, as after a rollback. Asks each second, with the password that the file holds then, and
// tells `say` what it waits for whenever that is something else. DEADLINE_EXCEEDED, naming what is
// missing or why the database does not tell, after `patience`. Waits for nothing that time does not
// bring: FAILED_PRECONDITION at once for a malformed connection string, or a migration of another
// form.
absl::Status WaitForMigrations(const PoolOptions& role, const std::vector<Migration>& migrations,
                               absl::Duration patience,
                               const std::function<void(std::string_view)>& say);

}  // namespace kasbah::postgres
