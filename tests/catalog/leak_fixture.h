#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/migrations.h"
#include "libs/testing/test_postgres.h"
#include <pqxx/pqxx>

namespace kasbah {

struct Column {
  std::string name;
  // A literal of its type.
  std::string value;
  bool may_update = false;
};

// A table and a role that has rights on it, as far as its rows are one tenant's to the role: what a
// door reaches by a policy of its own is left out (door_tables_pgtest.cc).
struct TenantTable {
  std::string name;
  std::string role;
  // All that take a value, tenant_id and customer_id apart.
  std::vector<Column> columns;
  std::string primary_key;
  bool has_customer = false;
  // Rows can be nobody's.
  bool may_lack_customer = false;
  // Of tenant_id, and so of count(tenant_id).
  bool may_select = false;
  bool may_insert = false;
  // Of any column; which ones, the columns say.
  bool may_update = false;
  bool may_update_tenant = false;
  bool may_update_customer = false;
  bool may_delete = false;

  // One that the role may change; null: none but tenant_id and customer_id.
  const Column* Updatable() const {
    const auto found = std::find_if(columns.rbegin(), columns.rend(),
                                    [](const Column& column) { return column.may_update; });
    return found == columns.rend() ? nullptr : &*found;
  }
};

// A value of a type that every column takes once its checks are gone.
inline std::string ValueOf(const std::string& type) {
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

// Every tenant table that the migrations make, with a row of each of two tenants.
class LeakMatrix : public ::testing::Test {
 protected:
  LeakMatrix() : database_(testing::TestDatabase::Create(cli::AllMigrations())) {
    a_ = database_->CreateTenant("a").uuid().ToString();
    b_ = database_->CreateTenant("b").uuid().ToString();
    RemoveChecks();
    tables_ = ReadTables();
    std::set<std::string> filled;
    for (const TenantTable& table : tables_) {
      if (!filled.insert(table.name).second) continue;
      for (const std::string& tenant : {a_, b_}) {
        database_->Execute(Insert(table, tenant, Quoted(kCustomer)));
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

  // By table and role.
  std::vector<TenantTable> ReadTables() {
    pqxx::connection connection(database_->AdminDsn());
    pqxx::nontransaction work(connection);
    std::vector<TenantTable> tables;
    // The verbs that a role has a policy of its own for are its door's.
    const pqxx::result found = work.exec(R"sql(
      SELECT c.oid::regclass::text, r.rolname, c.oid, k.conname,
        has_column_privilege(r.oid, c.oid, 'tenant_id', 'SELECT') AND NOT d.verbs ~ '[r*]',
        has_any_column_privilege(r.oid, c.oid, 'INSERT') AND NOT d.verbs ~ '[a*]',
        has_any_column_privilege(r.oid, c.oid, 'UPDATE') AND NOT d.verbs ~ '[w*]',
        has_table_privilege(r.oid, c.oid, 'DELETE') AND NOT d.verbs ~ '[d*]'
      FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'tenant_rows'
      JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p',
      pg_roles r, LATERAL (
        SELECT coalesce(string_agg(o.polcmd::text, ''), '') AS verbs FROM pg_policy o
        WHERE o.polrelid = c.oid AND r.oid = ANY (o.polroles)) d
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND r.rolname LIKE 'kasbah\_%'
        AND r.rolname NOT IN ('kasbah_owner', 'kasbah_migrator', 'kasbah_backup')
      ORDER BY 1, 2)sql");
    for (const auto& row : found) {
      TenantTable table;
      table.name = row[0].as<std::string>();
      table.role = row[1].as<std::string>();
      table.primary_key = row[3].as<std::string>();
      table.may_select = row[4].as<bool>();
      table.may_insert = row[5].as<bool>();
      table.may_update = row[6].as<bool>();
      table.may_delete = row[7].as<bool>();
      if (!table.may_select && !table.may_insert && !table.may_update && !table.may_delete) {
        continue;
      }
      ReadColumns(work, row[2].as<std::string>(), &table);
      tables.push_back(std::move(table));
    }
    return tables;
  }

  static void ReadColumns(pqxx::transaction_base& work, const std::string& oid,
                          TenantTable* table) {
    const pqxx::result columns = work.exec(absl::StrCat(
        "SELECT attname, format_type(atttypid, NULL), attnotnull, has_column_privilege('",
        table->role, "', attrelid, attnum, 'UPDATE') FROM pg_attribute WHERE attrelid = ", oid,
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '' ORDER BY "
        "attnum"));
    for (const auto& column : columns) {
      const std::string name = column[0].as<std::string>();
      const bool may_update = table->may_update && column[3].as<bool>();
      if (name == "tenant_id") {
        table->may_update_tenant = may_update;
      } else if (name == "customer_id") {
        table->has_customer = true;
        table->may_lack_customer = !column[2].as<bool>();
        table->may_update_customer = may_update;
      } else {
        table->columns.push_back({name, ValueOf(column[1].as<std::string>()), may_update});
      }
    }
  }

  static std::string Quoted(const std::string& id) { return absl::StrCat("'", id, "'"); }

  // `customer` is a literal.
  static std::string Insert(const TenantTable& table, const std::string& tenant,
                            const std::string& customer) {
    std::vector<std::string> names = {"tenant_id"};
    std::vector<std::string> values = {Quoted(tenant)};
    if (table.has_customer) {
      names.push_back("customer_id");
      values.push_back(customer);
    }
    for (const Column& column : table.columns) {
      names.push_back(column.name);
      values.push_back(column.value);
    }
    return absl::StrCat("INSERT INTO ", table.name, " (", absl::StrJoin(names, ", "), ") VALUES (",
                        absl::StrJoin(values, ", "), ")");
  }

  // What a statement of a role comes to in one transaction of tenant a, on a connection of its own:
  // its first value or number of rows, or "error: " and PostgreSQL's words. Leaves nothing behind.
  std::string As(const std::string& role, const std::string& statement,
                 const std::string& scope = "all") {
    pqxx::connection connection(database_->Pool(role).dsn);
    pqxx::work work(connection);
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
  std::string As(const TenantTable& table, const std::string& statement,
                 const std::string& scope = "all") {
    return As(table.role, statement, scope);
  }

  static constexpr char kCustomer[] = "0190a2c4-0000-4000-8000-0000000000c1";
  static constexpr char kOther[] = "0190a2c4-0000-4000-8000-0000000000c2";
  std::unique_ptr<testing::TestDatabase> database_;
  std::string a_;
  std::string b_;
  std::vector<TenantTable> tables_;
};

}  // namespace kasbah
