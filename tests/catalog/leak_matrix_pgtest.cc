// The ways in which row-level security leaks, tried against every tenant table that the migrations
// make, as the role of its service: each table gets a row of each of two tenants, whatever its
// columns. What is tried follows src/test/regress/sql/rowsecurity.sql of PostgreSQL.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/migrations.h"
#include "libs/testing/test_postgres.h"
#include <pqxx/pqxx>

namespace kasbah {
namespace {

struct Column {
  std::string name;
  // A literal of its type.
  std::string value;
};

struct TenantTable {
  std::string name;
  // The login role of its service.
  std::string role;
  // All that take a value, tenant_id and customer_id apart.
  std::vector<Column> columns;
  bool has_customer = false;
  // Rows can be nobody's.
  bool may_lack_customer = false;
  bool may_select = false;
  bool may_insert = false;
  // One that its service may change; empty: none.
  Column updatable;
  bool may_delete = false;
};

// A value of a type that every column takes once its checks are gone.
std::string ValueOf(const std::string& type) {
  if (absl::EndsWith(type, "[]")) return "'{}'";
  static const std::map<std::string, std::string> values = {
      {"uuid", "'0190a2c4-0000-4000-8000-000000000001'"},
      {"bytea", "'\\x01'"},
      {"boolean", "false"},
      {"timestamp with time zone", "'2026-01-01Z'"},
      {"date", "'2026-01-01'"},
      {"jsonb", "'{}'"},
      {"inet", "'192.0.2.1'"},
      {"text", "'x'"}};
  const auto found = values.find(type);
  return found == values.end() ? "1" : found->second;
}

class LeakMatrix : public ::testing::Test {
 protected:
  LeakMatrix() : database_(testing::TestDatabase::Create(cli::AllMigrations())) {
    a_ = database_->CreateTenant("a").uuid().ToString();
    b_ = database_->CreateTenant("b").uuid().ToString();
    // A cheap function that nobody declared leakproof: the planner would like it first.
    database_->Execute(absl::StrCat(
        "CREATE SCHEMA leaks; GRANT USAGE ON SCHEMA leaks TO PUBLIC; "
        "CREATE FUNCTION leaks.f_leak(id uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
        "$$BEGIN IF id = '",
        b_, "' THEN RAISE EXCEPTION 'a foreign row was shown'; END IF; RETURN true; END$$; ",
        "GRANT EXECUTE ON FUNCTION leaks.f_leak(uuid) TO PUBLIC"));
    RemoveChecks();
    tables_ = ReadTables();
    for (const TenantTable& table : tables_) {
      for (const std::string& tenant : {a_, b_}) {
        database_->Execute(Insert(table, tenant, kCustomer));
      }
    }
  }

  // Of tables, whose rows are of the test's making, and of whether a customer is there; keys,
  // policies and grants stay.
  void RemoveChecks() {
    database_->Execute(
        "CREATE OR REPLACE FUNCTION core.admit_customer(tenant uuid, customer uuid) RETURNS void "
        "LANGUAGE plpgsql SET search_path = '' AS 'BEGIN END'");
    database_->Execute(R"sql(
      DO $$
      DECLARE c record;
      BEGIN
        FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
          JOIN pg_class ON pg_class.oid = conrelid
          WHERE contype IN ('c', 'f') AND conparentid = 0 AND NOT relispartition
            AND relnamespace::regnamespace::text IN
              ('core', 'auth', 'vault', 'tenant_data', 'webhook', 'audit')
        LOOP
          EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.t, c.conname);
        END LOOP;
      END $$)sql");
  }

  std::vector<TenantTable> ReadTables() {
    pqxx::connection connection(database_->AdminDsn());
    pqxx::nontransaction work(connection);
    std::vector<TenantTable> tables;
    const pqxx::result found = work.exec(R"sql(
      SELECT c.oid::regclass::text, 'kasbah_' || n.nspname, c.oid,
        has_any_column_privilege('kasbah_' || n.nspname, c.oid, 'SELECT'),
        has_any_column_privilege('kasbah_' || n.nspname, c.oid, 'INSERT'),
        has_table_privilege('kasbah_' || n.nspname, c.oid, 'DELETE')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'tenant_rows'
      WHERE n.nspname IN ('auth', 'vault', 'tenant_data', 'webhook', 'audit')
        AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY 1)sql");
    for (const auto& row : found) {
      TenantTable table;
      table.name = row[0].as<std::string>();
      table.role = row[1].as<std::string>();
      table.may_select = row[3].as<bool>();
      table.may_insert = row[4].as<bool>();
      table.may_delete = row[5].as<bool>();
      const pqxx::result columns = work.exec(absl::StrCat(
          "SELECT attname, format_type(atttypid, NULL), attnotnull, has_column_privilege('",
          table.role,
          "', attrelid, attnum, 'UPDATE') FROM pg_attribute WHERE "
          "attrelid = ",
          row[2].as<std::string>(), " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ",
          "AND attidentity = '' ORDER BY attnum"));
      for (const auto& column : columns) {
        const std::string name = column[0].as<std::string>();
        if (name == "customer_id") {
          table.has_customer = true;
          table.may_lack_customer = !column[2].as<bool>();
        }
        if (name == "tenant_id" || name == "customer_id") continue;
        table.columns.push_back({name, ValueOf(column[1].as<std::string>())});
        if (column[3].as<bool>()) table.updatable = table.columns.back();
      }
      tables.push_back(std::move(table));
    }
    return tables;
  }

  static std::string Insert(const TenantTable& table, const std::string& tenant,
                            const std::string& customer) {
    std::vector<std::string> names = {"tenant_id"};
    std::vector<std::string> values = {absl::StrCat("'", tenant, "'")};
    if (table.has_customer) {
      names.push_back("customer_id");
      values.push_back(absl::StrCat("'", customer, "'"));
    }
    for (const Column& column : table.columns) {
      names.push_back(column.name);
      values.push_back(column.value);
    }
    return absl::StrCat("INSERT INTO ", table.name, " (", absl::StrJoin(names, ", "), ") VALUES (",
                        absl::StrJoin(values, ", "), ")");
  }

  // What a statement of the table's service comes to in one transaction of tenant a: its first
  // value or number of rows, or "error: " and PostgreSQL's words.
  std::string As(const TenantTable& table, const std::string& statement,
                 const std::string& scope = "all") {
    pqxx::connection connection(database_->AdminDsn());
    pqxx::work work(connection);
    work.exec("SET LOCAL SESSION AUTHORIZATION " + table.role);
    try {
      if (!scope.empty()) {
        work.exec(absl::StrCat("SELECT core.enter('", a_, "', '", scope, "')"));
      }
      const pqxx::result result = work.exec(statement);
      if (result.columns() > 0 && !result.empty()) return result[0][0].c_str();
      return absl::StrCat(result.affected_rows());
    } catch (const pqxx::sql_error& error) {
      return absl::StrCat("error: ", error.what());
    }
  }

  static constexpr char kCustomer[] = "0190a2c4-0000-4000-8000-0000000000c1";
  static constexpr char kOther[] = "0190a2c4-0000-4000-8000-0000000000c2";
  std::unique_ptr<testing::TestDatabase> database_;
  std::string a_;
  std::string b_;
  std::vector<TenantTable> tables_;
};

TEST_F(LeakMatrix, EveryTableIsTried) {
  EXPECT_GT(tables_.size(), 40u);
  for (const TenantTable& table : tables_) {
    EXPECT_EQ(database_->QueryValue("SELECT count(*) FROM " + table.name), "2") << table.name;
  }
}

// Statements that lost their tenant condition.
TEST_F(LeakMatrix, WithoutATenantConditionNothingForeignIsSeenOrChanged) {
  for (const TenantTable& table : tables_) {
    SCOPED_TRACE(table.name);
    if (table.may_select) {
      EXPECT_EQ(As(table, absl::StrCat("SELECT count(tenant_id) FROM ", table.name)), "1");
      EXPECT_EQ(As(table, absl::StrCat("SELECT count(tenant_id) FROM ", table.name,
                                       " WHERE tenant_id = '", b_, "'")),
                "0");
    }
    if (!table.updatable.name.empty()) {
      EXPECT_EQ(As(table, absl::StrCat("UPDATE ", table.name, " SET ", table.updatable.name, " = ",
                                       table.updatable.value)),
                "1");
    }
    if (table.may_delete) {
      EXPECT_EQ(As(table, "DELETE FROM " + table.name), "1");
    }
  }
}

TEST_F(LeakMatrix, ACheapLeakyFunctionIsShownNoForeignRow) {
  for (const TenantTable& table : tables_) {
    if (!table.may_select) continue;
    EXPECT_EQ(As(table, absl::StrCat("SELECT count(tenant_id) FROM ", table.name,
                                     " WHERE leaks.f_leak(tenant_id)")),
              "1")
        << table.name;
  }
}

TEST_F(LeakMatrix, NothingIsSeenBeforeATenantIsEnteredNorAfter) {
  for (const TenantTable& table : tables_) {
    if (!table.may_select) continue;
    SCOPED_TRACE(table.name);
    const std::string count = absl::StrCat("SELECT count(tenant_id) FROM ", table.name);
    EXPECT_EQ(As(table, count, ""), "0");
    // A pooled connection: the setting ends with its transaction.
    pqxx::connection connection(database_->AdminDsn());
    pqxx::nontransaction work(connection);
    work.exec("SET SESSION AUTHORIZATION " + table.role);
    work.exec(absl::StrCat("SELECT core.enter('", a_, "', 'all')"));
    EXPECT_EQ(work.exec(count)[0][0].as<int>(), 0);
    work.exec(absl::StrCat("BEGIN; SELECT core.enter('", a_, "', 'all'); ROLLBACK"));
    EXPECT_EQ(work.exec(count)[0][0].as<int>(), 0);
  }
}

TEST_F(LeakMatrix, NoRowIsMadeForAnotherTenant) {
  for (const TenantTable& table : tables_) {
    if (!table.may_insert) continue;
    database_->Execute("DELETE FROM " + table.name);
    EXPECT_THAT(As(table, Insert(table, b_, kCustomer)),
                ::testing::AnyOf(::testing::HasSubstr("row-level security"),
                                 ::testing::HasSubstr("permission denied")))
        << table.name;
  }
}

// A key that another tenant has must not be told from a free one.
TEST_F(LeakMatrix, KeysOfAnotherTenantAreFree) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.may_insert) continue;
    database_->Execute(absl::StrCat("DELETE FROM ", table.name, " WHERE tenant_id = '", a_, "'"));
    const std::string done = As(table, Insert(table, a_, kCustomer));
    // Some columns are the database's own to set.
    if (absl::StrContains(done, "permission denied")) continue;
    ++tried;
    EXPECT_EQ(done, "1") << table.name;
    EXPECT_EQ(As(table, Insert(table, a_, kCustomer) + " ON CONFLICT DO NOTHING"), "1")
        << table.name;
  }
  EXPECT_GT(tried, 20);
}

TEST_F(LeakMatrix, ACustomersScopeShowsThatCustomersRowsAlone) {
  for (const TenantTable& table : tables_) {
    if (!table.has_customer || !table.may_select) continue;
    SCOPED_TRACE(table.name);
    const std::string count = absl::StrCat("SELECT count(tenant_id) FROM ", table.name);
    EXPECT_EQ(As(table, count, kCustomer), "1");
    EXPECT_EQ(As(table, count, kOther), "0");
    // A row of nobody's, where there can be one.
    if (!table.may_lack_customer) continue;
    database_->Execute("UPDATE " + table.name + " SET customer_id = NULL");
    EXPECT_EQ(As(table, count, kCustomer), "0");
    EXPECT_EQ(As(table, count), "1");
  }
}

// What row-level security does not hold back is not granted.
TEST_F(LeakMatrix, WhatPoliciesDoNotCoverIsNotGranted) {
  for (const TenantTable& table : tables_) {
    SCOPED_TRACE(table.name);
    EXPECT_THAT(As(table, "TRUNCATE " + table.name), ::testing::HasSubstr("permission denied"));
    EXPECT_THAT(As(table, absl::StrCat("ALTER TABLE ", table.name, " DISABLE ROW LEVEL SECURITY")),
                ::testing::HasSubstr("must be owner"));
    EXPECT_THAT(As(table, "SET row_security = off; SELECT count(tenant_id) FROM " + table.name),
                ::testing::AnyOf(::testing::HasSubstr("row-level security"),
                                 ::testing::HasSubstr("permission denied")));
    EXPECT_THAT(As(table, absl::StrCat("CREATE TABLE public.probe (tenant_id uuid REFERENCES ",
                                       table.name, ")")),
                ::testing::HasSubstr("permission denied"));
  }
}

TEST_F(LeakMatrix, OneTransactionHasOneTenantAndNoOtherWayIn) {
  std::map<std::string, const TenantTable*> of_role;
  for (const TenantTable& table : tables_) of_role[table.role] = &table;
  database_->Execute("ANALYZE");
  EXPECT_NE(database_->QueryValue("SELECT count(*) FROM pg_stats WHERE schemaname = 'vault'"), "0");
  for (const auto& [role, table] : of_role) {
    SCOPED_TRACE(role);
    EXPECT_THAT(As(*table, absl::StrCat("SELECT core.enter('", b_, "', 'all')")),
                ::testing::HasSubstr("a transaction has one tenant"));
    EXPECT_THAT(As(*table, absl::StrCat("SELECT set_config('kasbah.tenant', '", b_, "', true)")),
                ::testing::HasSubstr("permission denied"));
    EXPECT_THAT(As(*table, "SET ROLE kasbah_owner"), ::testing::HasSubstr("permission denied"));
    EXPECT_THAT(As(*table,
                   "CREATE FUNCTION public.g(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT "
                   "true'"),
                ::testing::HasSubstr("permission denied"));
    EXPECT_THAT(As(*table,
                   "SELECT count(*) FROM pg_stats WHERE schemaname = ANY(ARRAY['auth', 'vault', "
                   "'tenant_data', 'webhook', 'audit'])"),
                "0");
  }
}

}  // namespace
}  // namespace kasbah
