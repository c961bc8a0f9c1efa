#include "cli/commands/databases.h"

#include "absl/strings/str_join.h"
#include "cli/commands/named_call.h"
#include "cli/commands/options.h"
#include "kasbah/vault/v1/leases.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::Database;
using vault::v1::DatabaseRole;
using vault::v1::DatabaseService;
using vault::v1::DatabaseSettings;
using Stub = DatabaseService::Stub;

std::string AddressOf(const Database& database) {
  return StrCat(database.settings().host(), ":", database.settings().port());
}

std::string TlsOf(const Database& database) {
  if (database.settings().tls() == DatabaseSettings::TLS_OFF) return "off";
  return StrCat("verified by ", database.settings().ca().empty() ? "the system's roots" : "its CA");
}

std::string Describe(const Database& database) {
  std::string text =
      ToString({{"database", database.database_id()},
                {"name", database.name()},
                {"address", AddressOf(database)},
                {"dbname", database.settings().dbname()},
                {"tls", TlsOf(database)},
                {"admin user", database.settings().admin_user()},
                {"admin secret", database.settings().admin_secret()},
                {"created", ToCell(database.create_time(), database.has_create_time())}});
  if (database.roles().empty()) return text;
  Table table({"ROLE", "GROUPS", "TTL", "MAX TTL", "CONNECTIONS"});
  for (const DatabaseRole& role : database.roles()) {
    const auto& settings = role.settings();
    table.Add({role.path(), absl::StrJoin(settings.groups(), ","),
               ToCell(settings.default_ttl(), true), ToCell(settings.max_ttl(), true),
               StrCat(settings.connection_limit())});
  }
  return text + "\n" + table.ToString();
}

std::string Describe(const DatabaseRole& role) {
  const auto& settings = role.settings();
  return ToString({{"role", role.path()},
                   {"database", role.database()},
                   {"groups", absl::StrJoin(settings.groups(), ", ")},
                   {"ttl", ToCell(settings.default_ttl(), true)},
                   {"max ttl", ToCell(settings.max_ttl(), true)},
                   {"connections", StrCat(settings.connection_limit())}});
}

std::string Describe(const vault::v1::CheckDatabaseResponse& check) {
  std::string text = StrCat("PostgreSQL ", check.server_version(), ": ",
                            check.problems().empty() ? "leases can be issued\n" : "problems\n");
  for (const std::string& problem : check.problems()) StrAppend(&text, "  ", problem, "\n");
  return text;
}

std::string Describe(const vault::v1::DeleteDatabaseRoleResponse&) {
  return "deleted; its leases go on to their end\n";
}

void AddSet(CLI::App* noun, Invocation& invocation) {
  struct Options {
    vault::v1::SetDatabaseRequest request;
    std::string ca_file;
    bool no_tls = false;
  };
  auto options = std::make_shared<Options>();
  const auto text = [options](std::string* (DatabaseSettings::*field)()) {
    return [options, field](const std::string& value) {
      *(options->request.mutable_settings()->*field)() = value;
    };
  };
  CLI::App* leaf = noun->add_subcommand("set", "Say where a database is, or say it anew");
  leaf->add_option_function<std::string>(
          "name", [options](const std::string& name) { options->request.set_name(name); }, "orders")
      ->required();
  const auto add = [&](const char* name, auto field, const char* help) {
    leaf->add_option_function<std::string>(name, text(field), help)->required();
  };
  add("--host", &DatabaseSettings::mutable_host, "Name or address");
  add("--dbname", &DatabaseSettings::mutable_dbname, "Which of the server's databases");
  add("--admin", &DatabaseSettings::mutable_admin_user,
      "The user that makes logins: CREATEROLE, and from PostgreSQL 16 on ADMIN OPTION on the "
      "groups");
  add("--secret", &DatabaseSettings::mutable_admin_secret,
      "sec_… or path of the secret that is its password");
  leaf->add_option_function<uint32_t>(
      "--port", [options](uint32_t port) { options->request.mutable_settings()->set_port(port); },
      "5432 when left out");
  leaf->add_option("--ca", options->ca_file,
                   "PEM file of the CA that signed its certificate; the system's roots without");
  leaf->add_flag("--no-tls", options->no_tls, "In the clear: on loopback alone");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    DatabaseSettings& settings = *options->request.mutable_settings();
    settings.set_tls(options->no_tls ? DatabaseSettings::TLS_OFF
                                     : DatabaseSettings::TLS_VERIFY_FULL);
    if (!options->ca_file.empty()) {
      ASSIGN_OR_RETURN(*settings.mutable_ca(), ReadInput(options->ca_file));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Database database, client->Call(&Stub::SetDatabase, options->request));
    return run.Show(database, [&] { return Describe(database); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "Every database");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&Stub::ListDatabases, vault::v1::ListDatabasesRequest()));
    return run.Show(reply, [&] {
      Table table({"NAME", "ADDRESS", "DBNAME", "TLS", "ADMIN USER", "ADMIN SECRET"});
      for (const Database& database : reply.databases()) {
        table.Add({database.name(), AddressOf(database), database.settings().dbname(),
                   TlsOf(database), database.settings().admin_user(),
                   database.settings().admin_secret()});
      }
      return table.ToString();
    });
  });
}

void AddDelete(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<vault::v1::DeleteDatabaseRequest>();
  CLI::App* leaf = noun->add_subcommand("delete", "Forget a database and its roles");
  leaf->add_option_function<std::string>(
          "database", [request](const std::string& name) { request->set_database(name); }, "Name")
      ->required();
  leaf->add_flag_function(
      "--forget-leases", [request](int64_t) { request->set_forget_leases(true); },
      "With leases that have not ended: for a server that is gone for good");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::DeleteDatabase, *request));
    return run.Show(reply, [&] {
      return StrCat("deleted; leases left as they are: ", reply.forgotten_leases(), "\n");
    });
  });
}

void AddSetRole(CLI::App* noun, Invocation& invocation) {
  struct Options {
    vault::v1::SetDatabaseRoleRequest request;
    std::vector<std::string> groups;
    std::string ttl = "1h";
    std::string max_ttl = "24h";
    uint32_t connections = 10;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("set-role", "Say what a role's logins may, or say it anew");
  leaf->add_option_function<std::string>(
          "path", [options](const std::string& path) { options->request.set_path(path); },
          "reporting/read-only")
      ->required();
  leaf->add_option_function<std::string>(
          "--database", [options](const std::string& name) { options->request.set_database(name); },
          "Name of the database")
      ->required();
  leaf->add_option("--group", options->groups,
                   "A role of the database that logins join, and that holds the rights; may be "
                   "repeated")
      ->required();
  leaf->add_option("--ttl", options->ttl, "How long a lease lasts that asks for no other time")
      ->capture_default_str();
  leaf->add_option("--max-ttl", options->max_ttl, "How long any lasts, renewals included")
      ->capture_default_str();
  leaf->add_option("--connections", options->connections, "Of one login at once")
      ->capture_default_str();
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    auto& settings = *options->request.mutable_settings();
    settings.mutable_groups()->Assign(options->groups.begin(), options->groups.end());
    RETURN_IF_ERROR(ReadDuration("--ttl", options->ttl, settings.mutable_default_ttl()));
    RETURN_IF_ERROR(ReadDuration("--max-ttl", options->max_ttl, settings.mutable_max_ttl()));
    settings.set_connection_limit(options->connections);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const DatabaseRole role,
                     client->Call(&Stub::SetDatabaseRole, options->request));
    return run.Show(role, [&] { return Describe(role); });
  });
}

}  // namespace

void AddDatabases(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(
      root, "databases", "A tenant's own PostgreSQL, in which the vault makes logins (API key)",
      "  printf %s \"$PASSWORD\" | kasbah secrets create db/admin\n"
      "  kasbah databases set orders --host db.example.com --dbname orders --admin kasbah_admin "
      "\\\n"
      "      --secret db/admin --ca ca.pem\n"
      "  kasbah databases set-role reporting/read-only --database orders --group readers\n"
      "  kasbah databases check orders\n"
      "  kasbah leases issue reporting/read-only");
  AddSet(noun, invocation);
  AddNamedCall(noun, invocation, "get", "A database and its roles", {"database", "Name"},
               &Stub::GetDatabase, &Describe);
  AddList(noun, invocation);
  AddNamedCall(noun, invocation, "check", "Log in as the admin user and look what is missing",
               {"database", "Name"}, &Stub::CheckDatabase, &Describe);
  AddDelete(noun, invocation);
  AddSetRole(noun, invocation);
  AddNamedCall(noun, invocation, "delete-role", "Issue no more leases of a role",
               {"path", "reporting/read-only"}, &Stub::DeleteDatabaseRole, &Describe);
}

}  // namespace kasbah::cli
