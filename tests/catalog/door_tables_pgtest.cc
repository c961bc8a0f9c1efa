// Which role reaches which rows and columns, of every table: what the database says, against
// door_tables.txt, so that a change of any grant or policy shows in review.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli/migrations.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"

namespace kasbah {
namespace {

using ::testing::Contains;

// A line a role, relation and verb: its columns, and of whose rows. PostgreSQL's own views and
// core.migrations, which PUBLIC reads, apart.
constexpr char kReached[] = R"sql(
WITH roles AS (
  SELECT oid, rolname FROM pg_roles
  WHERE rolname LIKE 'kasbah\_%'
    AND rolname NOT IN ('kasbah_owner', 'kasbah_migrator', 'kasbah_backup')
), verbs (verb, code) AS (
  VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')
), reached AS (
  SELECT r.oid AS role, r.rolname, c.oid, c.oid::regclass::text AS label, v.verb, v.code,
    CASE WHEN has_table_privilege(r.oid, c.oid, v.verb) THEN '*' ELSE (
      SELECT string_agg(a.attname, ', ' ORDER BY a.attname COLLATE "C") FROM pg_attribute a
      WHERE v.verb <> 'DELETE' AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND has_column_privilege(r.oid, c.oid, a.attnum,
                                 CASE v.verb WHEN 'DELETE' THEN 'SELECT' ELSE v.verb END))
    END AS columns
  FROM roles r, verbs v, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND c.oid <> 'core.migrations'::regclass
), lines AS (
  SELECT concat_ws(' | ', rolname, label, verb, columns, coalesce(
    (SELECT string_agg(concat_ws(' ', p.polname,
              'using ' || pg_get_expr(p.polqual, p.polrelid),
              'check ' || pg_get_expr(p.polwithcheck, p.polrelid)), ', ' ORDER BY p.polname)
     FROM pg_policy p
     WHERE p.polrelid = d.oid AND p.polcmd::text IN (d.code, '*') AND p.polname <> 'tenant_rows'
       AND (d.role = ANY (p.polroles) OR 0 = ANY (p.polroles))),
    CASE WHEN EXISTS (SELECT FROM pg_policy p
                      WHERE p.polrelid = d.oid AND p.polname = 'tenant_rows')
      THEN 'its tenant''s' ELSE 'none' END)) AS line
  FROM reached d WHERE columns IS NOT NULL
)
SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") || E'\n' FROM lines
)sql";

class DoorTables : public ::testing::Test {
 protected:
  DoorTables() : database_(testing::TestDatabase::Create(cli::AllMigrations())) {}
  std::vector<std::string> Reached() {
    return absl::StrSplit(database_->QueryValue(kReached), '\n', absl::SkipEmpty());
  }
  std::unique_ptr<testing::TestDatabase> database_;
};

TEST_F(DoorTables, DoorsReachWhatIsListed) {
  const std::string path = std::string(KASBAH_SOURCE_DIR) + "/tests/catalog/door_tables.txt";
  if (std::getenv("KASBAH_UPDATE_DOOR_TABLES") != nullptr) {
    std::ofstream(path) << database_->QueryValue(kReached);
    return;
  }
  std::ifstream file(path);
  std::ostringstream listed;
  listed << file.rdbuf();
  const std::vector<std::string> lines = absl::StrSplit(listed.str(), '\n', absl::SkipEmpty());
  EXPECT_THAT(Reached(), ::testing::ElementsAreArray(lines))
      << "run door_tables_pgtest with KASBAH_UPDATE_DOOR_TABLES=1 and review the difference";
}

TEST_F(DoorTables, ADoorToRecordsShowsHereAndAtTheGate) {
  database_->Execute(
      "CALL core.open_door('tenant_data.records', 'kasbah_tenant_data_upkeep', 'SELECT')");
  EXPECT_THAT(Reached(), Contains("kasbah_tenant_data_upkeep | tenant_data.records | SELECT | * | "
                                  "door_kasbah_tenant_data_upkeep_select using true"));
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(database_->AdminDsn()));
  EXPECT_THAT(faults, Contains("tenant_data.records: policy door_kasbah_tenant_data_upkeep_select "
                               "lets kasbah_tenant_data_upkeep SELECT, which is no listed door"));
}

TEST_F(DoorTables, AColumnMoreShowsHereAndAtTheGate) {
  database_->Execute("GRANT SELECT (host) ON tenant_data.domains TO kasbah_tenant_data_upkeep");
  EXPECT_THAT(Reached(), Contains(::testing::StartsWith(
                             "kasbah_tenant_data_upkeep | tenant_data.domains | SELECT | "
                             "domain_id, host, next_check_at, tenant_id | ")));
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(database_->AdminDsn()));
  EXPECT_THAT(faults, Contains("tenant_data.domains: kasbah_tenant_data_upkeep may SELECT host, "
                               "which its door does not show"));
}

TEST_F(DoorTables, WhatTheOwnerPrunesIsListed) {
  database_->Execute(
      "CREATE POLICY owner_prunes ON vault.secrets TO kasbah_owner USING (true) WITH CHECK (true)");
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(database_->AdminDsn()));
  EXPECT_THAT(faults, ::testing::ElementsAre("vault.secrets: policy owner_prunes lets kasbah_owner "
                                             "ALL, which is no listed door"));
}

}  // namespace
}  // namespace kasbah
