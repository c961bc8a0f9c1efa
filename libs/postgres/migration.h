#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/postgres/database.h"

namespace kasbah::postgres {

// One numbered file of a schema.
struct Migration {
  // "core", "vault".
  std::string schema;
  // "0001_secrets".
  std::string name;
  std::string sql;
};

struct MigrationReport {
  // "vault/0001_secrets", in the order applied.
  std::vector<std::string> applied;
  int already_applied = 0;
};

// Applies what is missing, each file in a transaction of its own, under an advisory lock taken
// before anything is read, so that several may start together. Refuses, changing nothing, when an
// applied file's SHA-256 differs from the stored one or an applied file is missing here. Ends with
// the catalog gate (CheckCatalog). `dsn` is the migrator's.
//
// Whoever comes to a table queues behind a migration that waits for it: so it waits for two seconds
// at a time, and tries again for ten minutes. `on_wait`, if any, is told of each try that failed.
absl::StatusOr<MigrationReport> Migrate(
    const std::string& dsn, const std::vector<Migration>& migrations,
    const std::function<void(std::string_view what)>& on_wait = nullptr);

// Creates the roles (owner NOLOGIN, migrator, and a login per service and door) and the database,
// where they do not exist, and revokes what PUBLIC should not have. `admin_dsn` is a superuser's;
// passwords maps role to password. Idempotent.
absl::Status Bootstrap(const std::string& admin_dsn, const std::string& database,
                       const std::map<std::string, std::string>& passwords);

// Every login role that Bootstrap makes: "kasbah_vault", "kasbah_vault_relay", ….
const std::vector<std::string>& LoginRoles();

// What of `migrations` was not applied to a role's database, in their order; all of them where
// there is no schema yet. FAILED_PRECONDITION, reason MIGRATION_CHANGED, when one was applied in
// another form than it has here.
absl::StatusOr<std::vector<std::string>> MissingMigrations(
    const PoolOptions& role, const std::vector<Migration>& migrations);

// Whether a role's database is one that this program can work in: everything of `migrations` was
// applied to it, as it is here, and the catalog gate holds. FAILED_PRECONDITION says what does not.
// More than that may have been applied: by a newer release, for another service.
absl::Status CheckDatabase(const PoolOptions& role, const std::vector<Migration>& migrations);

// Walks every table, view, function, grant and role of our schemas and returns what breaks the
// rules of ARCHITECTURE.md, a line each: row-level security enabled and forced, tenant_id leading
// every key, no view without security_invoker, no SECURITY DEFINER off the list, no role that owns
// or bypasses.
absl::StatusOr<std::vector<std::string>> CheckCatalog(const std::string& dsn);

}  // namespace kasbah::postgres
