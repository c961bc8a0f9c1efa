// The ways in which row-level security leaks, tried against every tenant table that the migrations
// make, as each role that has rights on it: each table gets a row of each of two tenants, whatever
// its columns. What is tried follows src/test/regress/sql/rowsecurity.sql of PostgreSQL.

#include <gmock/gmock.h>

#include "absl/strings/str_split.h"
#include "tests/catalog/leak_fixture.h"

namespace kasbah {
namespace {

using ::testing::HasSubstr;

TEST_F(LeakMatrix, EveryTableIsTried) {
  std::set<std::string> tables;
  std::set<std::string> roles;
  for (const TenantTable& table : tables_) {
    tables.insert(table.name);
    roles.insert(table.role);
  }
  EXPECT_GT(tables.size(), 70u);
  const std::string protected_tables = database_->QueryValue(
      "SELECT string_agg(polrelid::regclass::text, ' ') FROM pg_policy JOIN pg_class c ON c.oid = "
      "polrelid WHERE polname = 'tenant_rows' AND NOT relispartition");
  std::set<std::string> of_doors_alone = absl::StrSplit(protected_tables, ' ');
  for (const std::string& table : tables) EXPECT_EQ(of_doors_alone.erase(table), 1u) << table;
  EXPECT_THAT(of_doors_alone,
              ::testing::UnorderedElementsAre("tenant_data.quota_settings",
                                              "tenant_data.usage_days", "tenant_data.usage_now"));
  EXPECT_THAT(roles,
              ::testing::IsSupersetOf({"kasbah_auth", "kasbah_vault", "kasbah_tenant_data",
                                       "kasbah_webhook", "kasbah_audit", "kasbah_tenant_data_mover",
                                       "kasbah_tenant_data_resolver", "kasbah_vault_root"}));
  for (const std::string& table : tables) {
    EXPECT_EQ(database_->QueryValue("SELECT count(*) FROM " + table), "2") << table;
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
    if (const Column* column = table.Updatable()) {
      EXPECT_EQ(As(table, absl::StrCat("UPDATE ", table.name, " SET ", column->name, " = ",
                                       column->value)),
                "1");
    }
    if (table.may_delete) {
      EXPECT_EQ(As(table, "DELETE FROM " + table.name), "1");
    }
  }
}

TEST_F(LeakMatrix, ACheapLeakyFunctionIsShownNoForeignRow) {
  // Nobody declared it leakproof: the planner would like it first.
  database_->Execute(absl::StrCat(
      "CREATE SCHEMA leaks; GRANT USAGE ON SCHEMA leaks TO PUBLIC; "
      "CREATE FUNCTION leaks.f_leak(id uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
      "$$BEGIN IF id = '",
      b_, "' THEN RAISE EXCEPTION 'a foreign row was shown'; END IF; RETURN true; END$$; ",
      "GRANT EXECUTE ON FUNCTION leaks.f_leak(uuid) TO PUBLIC"));
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
    pqxx::connection connection(database_->Pool(table.role).dsn);
    pqxx::nontransaction work(connection);
    work.exec(absl::StrCat("SELECT core.enter('", a_, "', 'all')"));
    EXPECT_EQ(work.exec(count)[0][0].as<int>(), 0);
    work.exec(absl::StrCat("BEGIN; SELECT core.enter('", a_, "', 'all'); ROLLBACK"));
    EXPECT_EQ(work.exec(count)[0][0].as<int>(), 0);
  }
}

// A key that another tenant has must not be told from a free one.
TEST_F(LeakMatrix, KeysOfAnotherTenantAreFree) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.may_insert) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    ++tried;
    database_->Execute(absl::StrCat("DELETE FROM ", table.name, " WHERE tenant_id = '", a_, "'"));
    EXPECT_EQ(As(table, Insert(table, a_, Quoted(kCustomer))), "1");
    EXPECT_EQ(As(table, Insert(table, a_, Quoted(kCustomer)) + " ON CONFLICT DO NOTHING"), "1");
  }
  EXPECT_GT(tried, 80);
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
    // For the next role.
    database_->Execute(absl::StrCat("UPDATE ", table.name, " SET customer_id = '", kCustomer, "'"));
  }
}

// What row-level security does not hold back is not granted.
TEST_F(LeakMatrix, WhatPoliciesDoNotCoverIsNotGranted) {
  for (const TenantTable& table : tables_) {
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    EXPECT_THAT(As(table, "TRUNCATE " + table.name), HasSubstr("permission denied for table"));
    EXPECT_THAT(As(table, absl::StrCat("ALTER TABLE ", table.name, " DISABLE ROW LEVEL SECURITY")),
                HasSubstr("must be owner"));
    EXPECT_THAT(As(table, "SET row_security = off; SELECT count(tenant_id) FROM " + table.name),
                HasSubstr("query would be affected by row-level security"));
  }
}

TEST_F(LeakMatrix, NoKeyOfAnotherTenantIsFoundByReferringToIt) {
  // Where the role may make tables, all that is missing is its right on this one.
  database_->Execute("CREATE SCHEMA probes; GRANT USAGE, CREATE ON SCHEMA probes TO PUBLIC");
  for (const TenantTable& table : tables_) {
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    database_->Execute(
        absl::StrCat("DROP TABLE IF EXISTS probes.own; CREATE TABLE probes.own (LIKE ", table.name,
                     "); ALTER TABLE probes.own OWNER TO ", table.role));
    const std::string key = database_->QueryValue(absl::StrCat(
        "SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM pg_constraint c, unnest(c.conkey) "
        "WITH ORDINALITY k (attnum, n) JOIN pg_attribute a ON a.attnum = k.attnum WHERE a.attrelid "
        "= c.conrelid AND c.contype = 'p' AND c.conrelid = '",
        table.name, "'::regclass"));
    const std::string refer = absl::StrCat("ALTER TABLE probes.own ADD FOREIGN KEY (", key,
                                           ") REFERENCES ", table.name, " (", key, ")");
    EXPECT_THAT(As(table, refer), HasSubstr("permission denied for table " +
                                            table.name.substr(table.name.find('.') + 1)));
    if (&table != &tables_.back()) continue;
    database_->Execute(absl::StrCat("GRANT REFERENCES ON ", table.name, " TO ", table.role));
    EXPECT_EQ(As(table, refer), "0");
  }
}

}  // namespace
}  // namespace kasbah
