#include <libpq-fe.h>

#include <memory>

#include "absl/strings/match.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/conninfo.h"
#include "libs/postgres/migration.h"
#include "libs/postgres/tool_error.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

// Two that bootstrap one server at a time would both create what neither found.
constexpr char kLock[] = "SELECT pg_advisory_lock(7234017283807667300)";

// NOINHERIT: the migrator acts as the owner only after it says so.
std::string AttributesOf(const std::string& role) {
  std::string attributes = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION ";
  attributes += role == "kasbah_migrator" ? "NOINHERIT " : "INHERIT ";
  attributes += role == "kasbah_backup" ? "BYPASSRLS" : "NOBYPASSRLS";
  return attributes;
}

// The SCRAM verifier, made here so that the server and its log never see the password.
std::string Verifier(PGconn* connection, const std::string& password, const std::string& role) {
  const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
      PQencryptPasswordConn(connection, password.c_str(), role.c_str(), "scram-sha-256"),
      &PQfreemem);
  if (verifier == nullptr) throw std::runtime_error("no SCRAM verifier for " + role);
  return verifier.get();
}

bool Exists(pqxx::transaction_base& tx, const std::string& query, const std::string& name) {
  return !tx.exec_params(query, name).empty();
}

void MakeRole(pqxx::transaction_base& tx, const std::string& role, const std::string& attributes) {
  const bool exists = Exists(tx, "SELECT FROM pg_roles WHERE rolname = $1", role);
  tx.exec(StrCat(exists ? "ALTER" : "CREATE", " ROLE ", tx.quote_name(role), " ", attributes));
}

void SetUpRole(pqxx::transaction_base& tx, const std::string& role) {
  const std::string alter = StrCat("ALTER ROLE ", tx.quote_name(role), " SET ");
  const bool is_tool = role == "kasbah_migrator" || role == "kasbah_backup";
  tx.exec(StrCat(alter, "search_path = ''"));
  // A backend whose client gave up is not left running.
  tx.exec(StrCat(alter, "client_connection_check_interval = '1s'"));
  tx.exec(StrCat(alter, "idle_in_transaction_session_timeout = '30s'"));
  tx.exec(StrCat(alter, "statement_timeout = '", is_tool ? "0" : "60s", "'"));
  tx.exec(StrCat(alter, "lock_timeout = '", is_tool ? "60s" : "20s", "'"));
  // Our statements are short: compiling them costs more than running them.
  tx.exec(StrCat(alter, "jit = off"));
  // A relay's statements are often planned while its outbox is nearly empty, when reading all of it
  // costs least, and the plan is kept for when it is not. An index brings the first rows in order.
  if (absl::EndsWith(role, "_relay")) {
    tx.exec(StrCat(alter, "enable_seqscan = off"));
    tx.exec(StrCat(alter, "enable_bitmapscan = off"));
  }
  // A dump that row-level security would cut short fails instead.
  if (role == "kasbah_backup") tx.exec(StrCat(alter, "row_security = off"));
}

void MakeRoles(pqxx::transaction_base& tx, PGconn* connection,
               const std::map<std::string, std::string>& passwords) {
  MakeRole(tx, "kasbah_owner", "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE");
  for (const std::string& role : LoginRoles()) {
    MakeRole(tx, role, AttributesOf(role));
    SetUpRole(tx, role);
    const auto password = passwords.find(role);
    if (password == passwords.end()) continue;
    tx.exec(StrCat("ALTER ROLE ", tx.quote_name(role), " PASSWORD ",
                   tx.quote(Verifier(connection, password->second, role))));
  }
  tx.exec("GRANT kasbah_owner TO kasbah_migrator");
  tx.exec("GRANT pg_read_all_data TO kasbah_backup");
}

void SetUpDatabase(pqxx::transaction_base& tx, const std::string& database) {
  const std::string name = tx.quote_name(database);
  tx.exec(StrCat("REVOKE ALL ON DATABASE ", name, " FROM PUBLIC"));
  tx.exec(StrCat("GRANT CONNECT, CREATE ON DATABASE ", name, " TO kasbah_owner"));
  for (const std::string& role : LoginRoles()) {
    tx.exec(StrCat("GRANT CONNECT ON DATABASE ", name, " TO ", tx.quote_name(role)));
  }
  tx.exec("REVOKE ALL ON SCHEMA public FROM PUBLIC");
  // core.enter is then the only way to a tenant's rows that a query has; pg_dump sets its search
  // path with it.
  const std::string set_config = "FUNCTION pg_catalog.set_config(text, text, boolean)";
  tx.exec(StrCat("REVOKE EXECUTE ON ", set_config, " FROM PUBLIC"));
  tx.exec(StrCat("GRANT EXECUTE ON ", set_config, " TO kasbah_owner, kasbah_backup"));
  tx.exec("CREATE SCHEMA IF NOT EXISTS core AUTHORIZATION kasbah_owner");
}

}  // namespace

absl::Status Bootstrap(const std::string& admin_dsn, const std::string& database,
                       const std::map<std::string, std::string>& passwords) {
  ASSIGN_OR_RETURN(internal::Conninfo conninfo, internal::ParseConninfo(admin_dsn));
  try {
    pqxx::connection server(admin_dsn);
    {
      pqxx::nontransaction lock(server);
      lock.exec(kLock);
    }
    // For PQencryptPasswordConn, which asks a connection for nothing but its state.
    const std::unique_ptr<PGconn, decltype(&PQfinish)> plain(PQconnectdb(admin_dsn.c_str()),
                                                             &PQfinish);
    {
      pqxx::work roles(server);
      MakeRoles(roles, plain.get(), passwords);
      roles.commit();
    }
    {
      pqxx::nontransaction create(server);
      if (!Exists(create, "SELECT FROM pg_database WHERE datname = $1", database)) {
        create.exec(StrCat("CREATE DATABASE ", create.quote_name(database),
                           " TEMPLATE template0 ENCODING 'UTF8'"));
      }
    }
    conninfo["dbname"] = database;
    pqxx::connection inside(internal::FormatConninfo(conninfo));
    pqxx::work set_up(inside);
    SetUpDatabase(set_up, database);
    set_up.commit();
  } catch (const std::exception& e) {
    return internal::ToolError("bootstrap", e);
  }
  return absl::OkStatus();
}

}  // namespace kasbah::postgres
