#include "cli/commands/migrate.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/migrations.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include "libs/postgres/installation.h"
#include "libs/postgres/migration.h"
#include "libs/postgres/schema_wait.h"

namespace kasbah::cli {
namespace {

struct Options {
  std::string dsn;
  std::string password_file;
  std::string bootstrap_dsn;
  std::string passwords;
  std::string database = "kasbah";
  bool is_shard = false;
  bool check = false;
  std::string wait;
  std::string trust_domain;
  bool take_over = false;
};

// What a database of tenants' records alone has.
std::vector<postgres::Migration> MigrationsFor(const Options& options) {
  std::vector<postgres::Migration> migrations = AllMigrations();
  if (!options.is_shard) return migrations;
  std::erase_if(migrations, [](const postgres::Migration& migration) {
    return migration.schema != "core" && migration.schema != "tenant_data";
  });
  return migrations;
}

absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, dev::ReadFile(path));
  return std::string(absl::StripAsciiWhitespace(text));
}

// Roles and database, from a directory with one file a role.
absl::Status Bootstrap(const Options& options) {
  std::map<std::string, std::string> passwords;
  for (const std::string& role : postgres::LoginRoles()) {
    ASSIGN_OR_RETURN(passwords[role], ReadPassword(StrCat(options.passwords, "/", role)));
  }
  return postgres::Bootstrap(options.bootstrap_dsn, options.database, passwords);
}

// libpq takes the password as a quoted keyword at the end of a connection string.
std::string WithPassword(const std::string& dsn, const std::string& password) {
  std::string quoted;
  for (const char c : password) {
    if (c == '\'' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return StrCat(dsn, " password='", quoted, "'");
}

// Changes nothing: for who starts beside a migrator, and as a role that may read and no more.
absl::Status Wait(const Options& options) {
  absl::Duration patience;
  if (!absl::ParseDuration(options.wait, &patience) || patience < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        StrCat("--wait ", options.wait, ": say how long at the most, such as 15m"));
  }
  postgres::PoolOptions role;
  role.dsn = options.dsn;
  role.password_file = options.password_file;
  RETURN_IF_ERROR(postgres::WaitForMigrations(
      role, MigrationsFor(options), patience,
      [](std::string_view what) { Print(StrCat("waiting for the schema: ", what, "\n")); }));
  Print("the schema is there\n");
  return absl::OkStatus();
}

absl::Status Migrate(const std::string& dsn, const Options& options) {
  if (!options.trust_domain.empty() && !options.take_over) {
    RETURN_IF_ERROR(postgres::CheckInstallation(dsn, options.trust_domain));
  }
  ASSIGN_OR_RETURN(const postgres::MigrationReport report,
                   postgres::Migrate(dsn, MigrationsFor(options),
                                     [](std::string_view what) { Print(StrCat(what, "\n")); }));
  for (const std::string& name : report.applied) Print(StrCat("applied ", name, "\n"));
  Print(StrCat(report.applied.size(), " applied, ", report.already_applied, " already there\n"));
  if (!options.take_over) return absl::OkStatus();
  RETURN_IF_ERROR(postgres::GiveDatabase(dsn, options.trust_domain));
  Print(StrCat("the database belongs to the installation ", options.trust_domain, " now\n"));
  return absl::OkStatus();
}

absl::Status Run(const Options& options) {
  if (!options.bootstrap_dsn.empty()) {
    if (options.passwords.empty())
      return absl::InvalidArgumentError("--bootstrap needs --passwords");
    RETURN_IF_ERROR(Bootstrap(options));
    Print(StrCat("roles and database ", options.database, " are there\n"));
  }
  if (options.dsn.empty()) {
    if (!options.bootstrap_dsn.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "which database? Say --dsn 'host=… dbname=kasbah user=kasbah_migrator'");
  }
  if (!options.wait.empty()) return Wait(options);
  std::string dsn = options.dsn;
  if (!options.password_file.empty()) {
    ASSIGN_OR_RETURN(const std::string password, ReadPassword(options.password_file));
    dsn = WithPassword(dsn, password);
  }
  if (options.check) {
    ASSIGN_OR_RETURN(const std::vector<std::string> faults, postgres::CheckCatalog(dsn));
    if (!faults.empty()) {
      return absl::FailedPreconditionError(
          StrCat("the database breaks the rules:\n  ", absl::StrJoin(faults, "\n  ")));
    }
    Print("every table, view, function, grant and role follows the rules\n");
    return absl::OkStatus();
  }
  return Migrate(dsn, options);
}

}  // namespace

void AddMigrate(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* leaf = root.add_subcommand("migrate", "Bring the database's schemas up to date");
  leaf->add_option("--dsn", options->dsn, "Connection string of the role kasbah_migrator")
      ->envname("KASBAH_MIGRATE_DSN");
  leaf->add_option("--password-file", options->password_file, "Its password");
  leaf->add_flag("--shard", options->is_shard,
                 "The database is one more for tenants' records: schemas core and tenant_data");
  CLI::Option* check =
      leaf->add_flag("--check", options->check, "Change nothing; report what breaks the rules");
  CLI::Option* bootstrap =
      leaf->add_option("--bootstrap", options->bootstrap_dsn,
                       "Make roles and database first: a superuser's connection string");
  CLI::Option* wait =
      leaf->add_option(
              "--wait", options->wait,
              "Change nothing; wait until all of this version is applied, for so long at the "
              "most. The role of any service may ask")
          ->excludes(check)
          ->excludes(bootstrap);
  CLI::Option* trust_domain = leaf->add_option(
      "--trust-domain", options->trust_domain,
      "Of the installation that migrates: another's database is refused, and nothing changed");
  trust_domain->excludes(check)->excludes(wait);
  leaf->add_flag("--take-over", options->take_over,
                 "Make the database this installation's: a copy of another's, restored for it")
      ->needs(trust_domain);
  leaf->add_option("--passwords", options->passwords,
                   "For --bootstrap: a directory with a file of each role's name");
  leaf->add_option("--database", options->database, "For --bootstrap: its name")
      ->capture_default_str();
  leaf->footer(
      "Each file runs once, in a transaction of its own, under a lock; a file that was changed "
      "after it\n"
      "ran is refused. Several may run at the same time.\n\n"
      "Examples:\n"
      "  kasbah migrate --dsn 'host=db sslmode=verify-full dbname=kasbah user=kasbah_migrator' \\\n"
      "      --password-file migrator.password\n"
      "  kasbah migrate --wait 15m --dsn 'host=db sslmode=verify-full dbname=kasbah "
      "user=kasbah_auth' \\\n"
      "      --password-file auth.password\n"
      "  kasbah migrate --bootstrap 'host=db user=postgres' --passwords /run/secrets/kasbah\n"
      "  kasbah migrate --shard --dsn 'host=db2 sslmode=verify-full dbname=records "
      "user=kasbah_migrator'\n"
      "  kasbah migrate --trust-domain staging.example --take-over --dsn 'host=copy dbname=kasbah "
      "user=kasbah_migrator'");
  OnRun(leaf, invocation, [options](Invocation&) { return Run(*options); });
}

}  // namespace kasbah::cli
