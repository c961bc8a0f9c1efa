#include "libs/postgres/migration.h"

#include <openssl/evp.h>

#include <set>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/connect_settings.h"
#include "libs/postgres/conninfo.h"
#include "libs/postgres/tool_error.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

// Held by one migrator at a time, until its connection ends.
constexpr char kLock[] = "SELECT pg_advisory_lock(7234017283807667301)";

constexpr char kLockTimeout[] = "SET lock_timeout = '2s'";
constexpr std::string_view kLockNotAvailable = "55P03";
constexpr absl::Duration kLockPause = absl::Seconds(3);
constexpr absl::Duration kLockPatience = absl::Minutes(10);

constexpr char kTable[] = R"sql(
CREATE SCHEMA IF NOT EXISTS core;
CREATE TABLE IF NOT EXISTS core.migrations (
  schema_name text COLLATE "C" NOT NULL,
  name        text COLLATE "C" NOT NULL,
  sha256      text COLLATE "C" NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (schema_name, name)
);
GRANT SELECT ON core.migrations TO PUBLIC;
)sql";

std::string HexSha256(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  KASBAH_CHECK(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) StrAppend(&hex, absl::Hex(digest[i], absl::kZeroPad2));
  return hex;
}

std::string KeyOf(const Migration& migration) {
  return StrCat(migration.schema, "/", migration.name);
}

// Name to checksum.
std::map<std::string, std::string> ReadApplied(pqxx::connection_base& connection) {
  pqxx::nontransaction tx(connection);
  std::map<std::string, std::string> applied;
  for (const auto& row :
       tx.exec("SELECT schema_name || '/' || name, sha256 FROM core.migrations")) {
    applied[row[0].as<std::string>()] = row[1].as<std::string>();
  }
  return applied;
}

absl::Status CheckHistory(const std::map<std::string, std::string>& applied,
                          const std::vector<Migration>& migrations) {
  std::set<std::string> known;
  for (const Migration& migration : migrations) {
    const std::string key = KeyOf(migration);
    if (!known.insert(key).second) {
      return absl::FailedPreconditionError(StrCat("migration ", key, " is there twice"));
    }
    const auto before = applied.find(key);
    if (before != applied.end() && before->second != HexSha256(migration.sql)) {
      return absl::FailedPreconditionError(
          StrCat("migration ", key, " was changed after it was applied; write a new one instead"));
    }
  }
  for (const auto& [key, checksum] : applied) {
    if (known.count(key) == 0) {
      return absl::FailedPreconditionError(
          StrCat("migration ", key,
                 " was applied to this database and is not known here; is this "
                 "an older release?"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Missing(const std::map<std::string, std::string>& applied,
                                                 const std::vector<Migration>& migrations) {
  std::vector<std::string> missing;
  for (const Migration& migration : migrations) {
    const auto found = applied.find(KeyOf(migration));
    if (found == applied.end()) {
      missing.push_back(KeyOf(migration));
    } else if (found->second != HexSha256(migration.sql)) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "MIGRATION_CHANGED",
          StrCat("migration ", KeyOf(migration), " was applied in another form than it has here"));
    }
  }
  return missing;
}

absl::StatusOr<std::string> DsnOf(const PoolOptions& role) {
  ASSIGN_OR_RETURN(const internal::ConnectSettings settings,
                   internal::ConnectSettings::Create(role));
  ASSIGN_OR_RETURN(const auto parameters, settings.Parameters());
  return internal::FormatConninfo({parameters.begin(), parameters.end()});
}

absl::StatusOr<std::vector<std::string>> MissingIn(const std::string& dsn,
                                                   const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> applied;
  try {
    pqxx::connection connection(dsn);
    try {
      applied = ReadApplied(connection);
    } catch (const pqxx::undefined_table&) {
      // Nothing was ever applied.
    }
  } catch (const std::exception& e) {
    return internal::ToolError("read core.migrations", e);
  }
  return Missing(applied, migrations);
}

absl::Status CheckGate(const std::string& dsn) {
  ASSIGN_OR_RETURN(const std::vector<std::string> faults, CheckCatalog(dsn));
  if (faults.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("the catalog breaks the rules: ", absl::StrJoin(faults, "; ")));
}

void Apply(pqxx::connection_base& connection, const Migration& migration) {
  pqxx::work tx(connection);
  tx.exec(migration.sql);
  tx.exec_params("INSERT INTO core.migrations (schema_name, name, sha256) VALUES ($1, $2, $3)",
                 migration.schema, migration.name, HexSha256(migration.sql));
  tx.commit();
}

void ApplyWhenItCan(pqxx::connection_base& connection, const Migration& migration,
                    const std::function<void(std::string_view)>& on_wait) {
  const absl::Time give_up = absl::Now() + kLockPatience;
  for (;;) {
    try {
      return Apply(connection, migration);
    } catch (const pqxx::sql_error& e) {
      if (e.sqlstate() != kLockNotAvailable || absl::Now() >= give_up) throw;
    }
    if (on_wait) {
      on_wait(StrCat("migration ", KeyOf(migration),
                     ": a table that it changes is in use, by a dump perhaps; trying again"));
    }
    absl::SleepFor(kLockPause);
  }
}

void Execute(pqxx::connection_base& connection, const char* sql) {
  pqxx::nontransaction tx(connection);
  tx.exec(sql);
}

}  // namespace

absl::StatusOr<MigrationReport> Migrate(const std::string& dsn,
                                        const std::vector<Migration>& migrations,
                                        const std::function<void(std::string_view)>& on_wait) {
  MigrationReport report;
  std::string doing = "connect as the migrator";
  try {
    pqxx::connection connection(dsn);
    doing = "wait for other migrators";
    Execute(connection, kLock);
    doing = "become kasbah_owner";
    Execute(connection, "SET ROLE kasbah_owner");
    // Every name in a migration says its schema.
    Execute(connection, "SET search_path = ''");
    Execute(connection, "SET client_min_messages = warning");
    Execute(connection, kLockTimeout);
    doing = "make core.migrations";
    Execute(connection, kTable);
    const std::map<std::string, std::string> applied = ReadApplied(connection);
    RETURN_IF_ERROR(CheckHistory(applied, migrations));
    for (const Migration& migration : migrations) {
      if (applied.count(KeyOf(migration)) > 0) {
        ++report.already_applied;
        continue;
      }
      doing = StrCat("migration ", KeyOf(migration));
      ApplyWhenItCan(connection, migration, on_wait);
      report.applied.push_back(KeyOf(migration));
    }
  } catch (const std::exception& e) {
    return internal::ToolError(doing, e);
  }
  RETURN_IF_ERROR(CheckGate(dsn));
  return report;
}

absl::StatusOr<std::vector<std::string>> MissingMigrations(
    const PoolOptions& role, const std::vector<Migration>& migrations) {
  ASSIGN_OR_RETURN(const std::string dsn, DsnOf(role));
  return MissingIn(dsn, migrations);
}

absl::Status CheckDatabase(const PoolOptions& role, const std::vector<Migration>& migrations) {
  ASSIGN_OR_RETURN(const std::string dsn, DsnOf(role));
  ASSIGN_OR_RETURN(const std::vector<std::string> missing, MissingIn(dsn, migrations));
  if (!missing.empty()) {
    return absl::FailedPreconditionError(
        StrCat("the schema is behind: ", absl::StrJoin(missing, ", "),
               " not applied; run kasbah migrate against this database"));
  }
  return CheckGate(dsn);
}

}  // namespace kasbah::postgres
