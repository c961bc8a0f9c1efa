#include "libs/base/error.h"
#include "libs/postgres/installation.h"
#include "libs/postgres/notes_fixture.h"

namespace kasbah::postgres {
namespace {

using ::testing::HasSubstr;

class InstallationTest : public NotesTest {
 protected:
  absl::Status Claim(std::string_view trust_domain) {
    return ClaimDatabase(*database_, trust_domain, absl::Now() + absl::Seconds(20));
  }
  std::string Migrator() { return test_->Pool("kasbah_migrator").dsn; }
  std::string Holder() { return test_->QueryValue("SELECT trust_domain FROM core.installation"); }
};

TEST_F(InstallationTest, TheFirstThatComesGetsTheDatabaseAndKeepsIt) {
  EXPECT_OK(CheckInstallation(Migrator(), "a.example"));
  EXPECT_OK(Claim("a.example"));
  EXPECT_OK(Claim("a.example"));
  const absl::Status other = Claim("b.example");
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(other), "OTHER_INSTALLATION");
  EXPECT_THAT(std::string(other.message()),
              HasSubstr("belongs to the installation a.example, and this one is b.example"));
  EXPECT_EQ(Holder(), "a.example");
}

TEST_F(InstallationTest, AMigratorOfAnotherIsRefusedToo) {
  EXPECT_OK(Claim("a.example"));
  EXPECT_OK(CheckInstallation(Migrator(), "a.example"));
  EXPECT_EQ(ReasonOf(CheckInstallation(Migrator(), "b.example")), "OTHER_INSTALLATION");
}

TEST_F(InstallationTest, BeforeTheFirstMigrationItIsNobodys) {
  test_->Execute("DROP SCHEMA core CASCADE");
  EXPECT_OK(CheckInstallation(Migrator(), "a.example"));
}

TEST_F(InstallationTest, ACopyCanBeGivenAway) {
  EXPECT_OK(Claim("a.example"));
  EXPECT_OK(GiveDatabase(Migrator(), "b.example"));
  EXPECT_OK(Claim("b.example"));
  EXPECT_EQ(ReasonOf(Claim("a.example")), "OTHER_INSTALLATION");
}

// What services may do with it is ask: neither look at it nor change it.
TEST_F(InstallationTest, ServicesHaveNoRightToTheRow) {
  EXPECT_OK(Claim("a.example"));
  EXPECT_EQ(test_->QueryValue("SELECT has_table_privilege('kasbah_vault', 'core.installation', "
                              "'SELECT, INSERT, UPDATE, DELETE')::text"),
            "false");
}

}  // namespace
}  // namespace kasbah::postgres
