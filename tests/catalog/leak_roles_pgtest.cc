// What each login role might do beside its statements to see or enter another tenant, and what the
// owner of everything sees.

#include <gmock/gmock.h>
#include <libpq-fe.h>

#include "libs/testing/status_matchers.h"
#include "tests/catalog/leak_fixture.h"

namespace kasbah {
namespace {

using ::testing::HasSubstr;

// Those of processes, which row-level security binds.
std::vector<std::string> ServiceRoles() {
  std::vector<std::string> roles = postgres::LoginRoles();
  std::erase(roles, "kasbah_migrator");
  std::erase(roles, "kasbah_backup");
  return roles;
}

class LeakRoles : public LeakMatrix {
 protected:
  // COPY as a role, in the scope of tenant a: the number of rows, or "error: …".
  std::string Copy(const std::string& role, const std::string& copy, bool enter = true) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
        PQconnectdb(database_->Pool(role).dsn.c_str()), &PQfinish);
    const auto run = [&](const std::string& sql) {
      return std::unique_ptr<PGresult, decltype(&PQclear)>(PQexec(connection.get(), sql.c_str()),
                                                           &PQclear);
    };
    run("BEGIN");
    if (enter) {
      const auto entered = run(absl::StrCat("SELECT core.enter('", a_, "', 'all')"));
      EXPECT_EQ(PQresultStatus(entered.get()), PGRES_TUPLES_OK) << PQerrorMessage(connection.get());
    }
    const auto started = run(copy);
    if (PQresultStatus(started.get()) == PGRES_COPY_IN) return "takes rows";
    int rows = 0;
    if (PQresultStatus(started.get()) == PGRES_COPY_OUT) {
      char* row = nullptr;
      while (PQgetCopyData(connection.get(), &row, 0) > 0) {
        ++rows;
        PQfreemem(row);
      }
      const std::unique_ptr<PGresult, decltype(&PQclear)> end(PQgetResult(connection.get()),
                                                              &PQclear);
      if (PQresultStatus(end.get()) == PGRES_COMMAND_OK) return absl::StrCat(rows);
    }
    return absl::StrCat("error: ", PQerrorMessage(connection.get()));
  }
};

TEST_F(LeakRoles, OneTransactionHasOneTenantAndNoOtherWayIn) {
  database_->Execute("ANALYZE");
  EXPECT_NE(database_->QueryValue("SELECT count(*) FROM pg_stats WHERE schemaname = 'vault'"), "0");
  int admitted = 0;
  for (const std::string& role : ServiceRoles()) {
    SCOPED_TRACE(role);
    const std::string enter_b = absl::StrCat("SELECT core.enter('", b_, "', 'all')");
    std::string scope = "all";
    if (database_->QueryValue(absl::StrCat("SELECT has_function_privilege('", role,
                                           "', 'core.enter(uuid, text)', 'EXECUTE')")) == "t") {
      ++admitted;
      EXPECT_THAT(As(role, enter_b), HasSubstr("a transaction has one tenant"));
      EXPECT_THAT(As(role, absl::StrCat("SELECT core.enter_any_state('", b_, "', 'all')")),
                  HasSubstr("a transaction has one tenant"));
    } else {
      scope = "";
      EXPECT_THAT(As(role, enter_b, scope), HasSubstr("permission denied for function enter"));
    }
    // The setting by any other name.
    const std::string set = absl::StrCat("set_config('kasbah.tenant', '", b_, "', true)");
    const std::string denied = "permission denied for function set_config";
    EXPECT_THAT(As(role, "SELECT " + set, scope), HasSubstr(denied));
    EXPECT_THAT(As(role,
                   absl::StrCat("UPDATE pg_catalog.pg_settings SET setting = '", b_,
                                "' WHERE name = 'kasbah.tenant'"),
                   scope),
                HasSubstr(denied));
    EXPECT_THAT(
        As(role, absl::StrCat("SELECT query_to_xml($q$SELECT ", set, "$q$, true, false, '')"),
           scope),
        HasSubstr(denied));
    EXPECT_THAT(As(role,
                   absl::StrCat("SELECT query_to_xml($q$SET kasbah.tenant = '", b_,
                                "'$q$, true, false, '')"),
                   scope),
                HasSubstr("SET is not allowed"));
    // Another role, which sees more.
    EXPECT_THAT(As(role, "SET ROLE kasbah_owner", scope), HasSubstr("permission denied"));
    EXPECT_THAT(As(role, "SET SESSION AUTHORIZATION kasbah_backup", scope),
                HasSubstr("permission denied"));
    EXPECT_THAT(
        As(role, "CREATE FUNCTION public.g(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
           scope),
        HasSubstr("permission denied"));
    // What the planner knows of the rows' values.
    EXPECT_EQ(As(role,
                 "SELECT count(*) FROM pg_stats WHERE schemaname = ANY(ARRAY['auth', 'vault', "
                 "'tenant_data', 'webhook', 'audit'])",
                 scope),
              "0");
  }
  EXPECT_GT(admitted, 8);
}

TEST_F(LeakRoles, APartitionIsReachedThroughItsParentAlone) {
  pqxx::connection connection(database_->AdminDsn());
  pqxx::nontransaction work(connection);
  const pqxx::result partitions = work.exec(
      "SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')");
  EXPECT_GT(partitions.size(), 10u);
  for (const auto& row : partitions) {
    const std::string partition = row[0].as<std::string>();
    for (const char* role :
         {"kasbah_audit", "kasbah_audit_ingest", "kasbah_audit_upkeep", "kasbah_audit_incidents"}) {
      SCOPED_TRACE(absl::StrCat(partition, " ", role));
      const std::string denied =
          "permission denied for table " + partition.substr(partition.find('.') + 1);
      EXPECT_THAT(As(role, "SELECT count(tenant_id) FROM " + partition, ""), HasSubstr(denied));
      EXPECT_THAT(
          As(role, absl::StrCat("INSERT INTO ", partition, " (tenant_id) VALUES ('", a_, "')"), ""),
          HasSubstr(denied));
    }
  }
}

// The partitions of later months are made while the services run, without a migration's gate.
TEST_F(LeakRoles, APartitionThatIsMadeLaterIsAsTheRulesWantIt) {
  const std::string last = database_->QueryValue(
      "SELECT max(oid::regclass::text) FROM pg_class WHERE oid::regclass::text LIKE "
      "'audit.event\\_20%' AND relkind = 'r'");
  const std::string leaf =
      absl::StrCat("audit.leaf", last.substr(std::string("audit.event").size()));
  database_->Execute(absl::StrCat("DROP TABLE ", last, ", ", leaf));
  const std::string made = absl::StrCat(
      "SELECT count(*) FROM pg_class WHERE relispartition AND "
      "relkind = 'r' AND oid::regclass::text IN ('",
      last, "', '", leaf, "')");
  ASSERT_EQ(database_->QueryValue(made), "0");
  database_->Execute(
      "SET SESSION AUTHORIZATION kasbah_audit_ingest; SELECT "
      "audit.extend_partitions()");
  ASSERT_EQ(database_->QueryValue(made), "2");
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(database_->AdminDsn()));
  EXPECT_THAT(faults, ::testing::IsEmpty());
}

TEST_F(LeakRoles, CopyGivesATenantsOwnRowsAndTakesNone) {
  int given = 0;
  int refused = 0;
  for (const TenantTable& table : tables_) {
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    if (table.may_select) {
      ++given;
      const std::string query = absl::StrCat("SELECT tenant_id FROM ", table.name);
      EXPECT_EQ(Copy(table.role, absl::StrCat("COPY (", query, ") TO STDOUT")), "1");
      // A partitioned table has no rows of its own.
      EXPECT_THAT(Copy(table.role, absl::StrCat("COPY ", table.name, " (tenant_id) TO STDOUT")),
                  ::testing::AnyOf("1", "0"));
    }
    if (table.may_insert) {
      ++refused;
      EXPECT_THAT(Copy(table.role, absl::StrCat("COPY ", table.name, " (tenant_id) FROM STDIN")),
                  HasSubstr("COPY FROM not supported with row-level security"));
    }
  }
  EXPECT_GT(given, 90);
  EXPECT_GT(refused, 80);
}

// A backup that row-level security cut short would be found out when it is needed.
TEST_F(LeakRoles, ABackupThatWouldMissRowsFailsInstead) {
  const std::string dump = absl::StrCat(
      "PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH pg_dump -t vault.secrets -d \"",
      database_->Pool("kasbah_backup").dsn, "\" >/dev/null 2>&1");
  const std::string copy = "COPY vault.secrets TO STDOUT";
  EXPECT_EQ(Copy("kasbah_backup", copy, false), "2");
  EXPECT_EQ(system(dump.c_str()), 0);
  database_->Execute("ALTER ROLE kasbah_backup NOBYPASSRLS");
  const std::string short_copy = Copy("kasbah_backup", copy, false);
  const int short_dump = system(dump.c_str());
  database_->Execute("ALTER ROLE kasbah_backup BYPASSRLS");
  EXPECT_THAT(short_copy, HasSubstr("row-level security"));
  EXPECT_NE(short_dump, 0);
}

TEST_F(LeakRoles, TheOwnerOfTheTablesSeesTheRowsOfThoseItPrunesAlone) {
  std::set<std::string> seen;
  for (const TenantTable& table : tables_) {
    const std::string rows = database_->QueryValue(
        absl::StrCat("SET SESSION AUTHORIZATION kasbah_owner; SELECT count(*) FROM ", table.name));
    if (rows != "0") seen.insert(table.name);
  }
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre("audit.log_head", "audit.event", "audit.leaf",
                                                    "audit.tile", "audit.hold", "audit.archive",
                                                    "audit.retention"));
}

}  // namespace
}  // namespace kasbah
