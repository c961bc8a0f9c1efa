#include <memory>
#include <string>

#include "absl/strings/str_join.h"
#include "libs/postgres/notes_fixture.h"
#include "libs/postgres/role_check.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

using testing::StatusIs;
using testing::TestDatabase;

absl::Time Soon() { return absl::Now() + absl::Seconds(10); }

// A role of one test's own: roles are the server's and not a database's.
class RoleCheck : public ::testing::Test {
 protected:
  RoleCheck() : test_(TestDatabase::Create(NotesMigrations())) {
    test_->Execute("CREATE ROLE throwaway LOGIN");
    Execute("GRANT CONNECT ON DATABASE %I TO throwaway");
  }
  ~RoleCheck() override {
    test_->Execute("DROP TABLE IF EXISTS vault.mine");
    test_->Execute("DROP OWNED BY throwaway; DROP ROLE throwaway");
  }

  // With the database's name for %I.
  void Execute(const std::string& sql) {
    test_->Execute("DO $$ BEGIN EXECUTE format('" + sql + "', current_database()); END $$");
  }

  std::string Faults(int version = 150014) {
    pqxx::connection connection(test_->Pool("throwaway").dsn);
    return absl::StrJoin(internal::FaultsOf(connection, version), "\n");
  }

  // What a service and a door say instead of starting.
  void ExpectRefused(const std::string& message) {
    const PoolOptions options = test_->Pool("throwaway");
    const absl::Status service = Database::Open(options, Soon()).status();
    EXPECT_THAT(service, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(service.message(), message);
    const absl::Status door = Door::Open(options, DoorToken::Relay(), Soon()).status();
    EXPECT_THAT(door, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(door.message(), message);
  }

  std::unique_ptr<TestDatabase> test_;
};

TEST_F(RoleCheck, ARoleThatMayDoNothingHasNoFault) {
  EXPECT_EQ(Faults(), "");
  EXPECT_OK(Database::Open(test_->Pool("throwaway"), Soon()));
  EXPECT_OK(Door::Open(test_->Pool("throwaway"), DoorToken::Relay(), Soon()));
}

TEST_F(RoleCheck, AServerOlderThanTheFixesIsNamed) {
  EXPECT_EQ(Faults(150013), "the server's version is 15.13; 15.14 is the oldest supported");
  EXPECT_EQ(Faults(140019), "the server's version is 14.19; 15.14 is the oldest supported");
  EXPECT_EQ(Faults(160000), "");
}

TEST_F(RoleCheck, EachAttributeThatPassesByPoliciesIsNamed) {
  for (const char* attribute :
       {"SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION"}) {
    SCOPED_TRACE(attribute);
    test_->Execute(absl::StrCat("ALTER ROLE throwaway ", attribute));
    const std::string named = absl::StrCat("role throwaway has ", attribute);
    // A superuser may do all the rest besides.
    if (std::string(attribute) == "SUPERUSER") {
      EXPECT_THAT(Faults(), ::testing::StartsWith(named + "\n"));
    } else {
      ExpectRefused(named);
    }
    test_->Execute(absl::StrCat("ALTER ROLE throwaway NO", attribute));
  }
}

TEST_F(RoleCheck, AnotherRolesMemberIsNamedWithIt) {
  test_->Execute("GRANT kasbah_vault TO throwaway");
  ExpectRefused("role throwaway may act as kasbah_vault");
}

TEST_F(RoleCheck, AnOwnerIsNamedWithWhatItOwns) {
  test_->Execute(
      "CREATE TABLE vault.mine (n int); ALTER TABLE vault.mine ENABLE ROW LEVEL SECURITY, FORCE "
      "ROW LEVEL SECURITY, OWNER TO throwaway");
  ExpectRefused("role throwaway owns relation vault.mine; role throwaway may TRUNCATE vault.mine");
}

TEST_F(RoleCheck, ACreatorIsNamedWithWhere) {
  test_->Execute("GRANT CREATE ON SCHEMA vault TO throwaway");
  ExpectRefused("role throwaway may CREATE in schema vault");
  test_->Execute("REVOKE CREATE ON SCHEMA vault FROM throwaway");
  Execute("GRANT CREATE ON DATABASE %I TO throwaway");
  ExpectRefused("role throwaway may CREATE in database " +
                test_->QueryValue("SELECT current_database()"));
}

// The catalog was in order when the last migration ended; who starts may come long after.
TEST_F(RoleCheck, ATableWithinReachThatLostItsRowSecurityIsNamed) {
  test_->Execute(
      "GRANT USAGE ON SCHEMA vault TO throwaway; ALTER TABLE vault.notes NO FORCE ROW "
      "LEVEL SECURITY");
  EXPECT_EQ(Faults(), "");
  for (const char* right : {"SELECT", "INSERT", "UPDATE", "DELETE", "SELECT (body)"}) {
    SCOPED_TRACE(right);
    test_->Execute(absl::StrCat("GRANT ", right, " ON vault.notes TO throwaway"));
    ExpectRefused("vault.notes: row-level security is not enabled and forced");
    test_->Execute(absl::StrCat("REVOKE ", right, " ON vault.notes FROM throwaway"));
  }
  test_->Execute(
      "GRANT SELECT ON vault.notes TO throwaway; ALTER TABLE vault.notes FORCE ROW "
      "LEVEL SECURITY, DISABLE ROW LEVEL SECURITY");
  ExpectRefused("vault.notes: row-level security is not enabled and forced");
  test_->Execute("ALTER TABLE vault.notes ENABLE ROW LEVEL SECURITY");
  EXPECT_EQ(Faults(), "");
}

TEST_F(RoleCheck, APolicyThatLetsEverybodyInIsNamed) {
  test_->Execute(
      "GRANT USAGE ON SCHEMA vault TO throwaway; GRANT SELECT ON vault.notes TO "
      "throwaway; CREATE POLICY all_rows ON vault.notes USING (true)");
  ExpectRefused("vault.notes: policy all_rows lets everybody at rows of any tenant");
  test_->Execute(
      "DROP POLICY all_rows ON vault.notes; CREATE POLICY tenant_rows_too ON "
      "vault.notes FOR INSERT WITH CHECK (true)");
  ExpectRefused("vault.notes: policy tenant_rows_too lets everybody at rows of any tenant");
  test_->Execute(
      "DROP POLICY tenant_rows_too ON vault.notes; ALTER TABLE vault.notes ADD COLUMN customer_id "
      "uuid; CALL core.ask_scope_once('vault.notes')");
  EXPECT_EQ(Faults(), "");
}

}  // namespace
}  // namespace kasbah::postgres
