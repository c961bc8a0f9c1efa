// The database that every migration together makes: the rules of ARCHITECTURE.md hold for each
// table, view, function, grant and role, and what is personal is listed by the service that holds
// it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_split.h"
#include "cli/migrations.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/audit/domain/personal_columns.h"
#include "services/auth/domain/personal_columns.h"
#include "services/tenant_data/domain/personal_columns.h"
#include "services/vault/domain/personal_columns.h"
#include "services/webhook/domain/personal_columns.h"

namespace kasbah {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

std::set<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

std::set<std::string> ListedColumns() {
  std::set<std::string> listed;
  const auto add = [&](const auto& columns) {
    for (std::string_view column : columns) listed.emplace(column);
  };
  add(audit::kPersonalColumns);
  add(auth::kPersonalColumns);
  add(tenantdata::kPersonalColumns);
  add(vault::kPersonalColumns);
  add(webhook::kPersonalColumns);
  return listed;
}

// Columns whose comment begins with "personal:", partitions apart: they repeat their parent's.
std::set<std::string> CommentedColumns(testing::TestDatabase& database) {
  return Lines(database.QueryValue(
      "SELECT string_agg(n.nspname || '.' || c.relname || '.' || a.attname, E'\\n') "
      "FROM pg_description d JOIN pg_class c ON c.oid = d.objoid "
      "JOIN pg_namespace n ON n.oid = c.relnamespace "
      "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid "
      "WHERE d.description LIKE 'personal:%' AND NOT c.relispartition"));
}

class Catalog : public ::testing::Test {
 protected:
  Catalog() : database_(testing::TestDatabase::Create(cli::AllMigrations())) {}
  std::unique_ptr<testing::TestDatabase> database_;
};

TEST_F(Catalog, EveryRuleHoldsForEverySchema) {
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(database_->AdminDsn()));
  EXPECT_THAT(faults, IsEmpty());
}

TEST_F(Catalog, ATableWithoutProtectionIsFound) {
  database_->Execute("CREATE TABLE vault.forgotten (tenant_id uuid, id uuid)");
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(database_->AdminDsn()));
  EXPECT_THAT(faults, Not(IsEmpty()));
}

TEST_F(Catalog, PersonalColumnsAreThoseThatAServiceLists) {
  EXPECT_EQ(CommentedColumns(*database_), ListedColumns());
}

TEST_F(Catalog, APersonalColumnThatNobodyListsIsFound) {
  database_->Execute(
      "ALTER TABLE vault.secrets ADD COLUMN owner_email text; "
      "COMMENT ON COLUMN vault.secrets.owner_email IS 'personal: whose it is'");
  EXPECT_NE(CommentedColumns(*database_), ListedColumns());
}

// A column that sounds personal says that it is, or why it is not.
TEST_F(Catalog, ColumnsThatSoundPersonalAreMarked) {
  const std::set<std::string> of_organisations = {
      "core.tenants.display_name", "tenant_data.collections.display_name",
      "tenant_data.field_groups.display_name", "tenant_data.fields.display_name"};
  const std::set<std::string> sounding = Lines(database_->QueryValue(
      "SELECT string_agg(n.nspname || '.' || c.relname || '.' || a.attname, E'\\n') "
      "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
      "JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname IN ('core', 'auth', 'vault', 'tenant_data', 'webhook', 'audit') "
      "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped "
      "AND a.attname ~ '(email|display|phone|address|user_agent|birth|first_name|last_name)' "
      "AND a.attname NOT LIKE '%\\_salt'"));
  const std::set<std::string> commented = CommentedColumns(*database_);
  for (const std::string& column : sounding) {
    EXPECT_TRUE(commented.contains(column) || of_organisations.contains(column)) << column;
  }
}

TEST_F(Catalog, NoLoginRoleSeesARowWithoutEnteringATenant) {
  const TenantId tenant = database_->CreateTenant("catalog");
  database_->Execute("INSERT INTO vault.secrets (tenant_id, secret_id, path, labels) VALUES ('" +
                     tenant.uuid().ToString() + "', gen_random_uuid(), 'a', '{}')");
  EXPECT_EQ(database_->QueryValue("SELECT count(*) FROM vault.secrets"), "1");
  EXPECT_EQ(database_->QueryValue(
                "SET SESSION AUTHORIZATION kasbah_vault; SELECT count(*) FROM vault.secrets"),
            "0");
}

}  // namespace
}  // namespace kasbah
