#include "services/tenant_data/placement/placement_fixture.h"
#include "services/tenant_data/placement/shards.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::HasSubstr;

class ShardsTest : public PlacementTest {
 protected:
  absl::Status OpenThird(testing::TestDatabase& database) {
    ShardOptions options = SecondDatabase::Options(database);
    options.name = "third";
    return second_->shards().Open(options, absl::Now() + absl::Seconds(30));
  }
};

TEST_F(ShardsTest, ADatabaseWhoseSchemaIsBehindIsRefusedByName) {
  auto older = migrations::tenant_data();
  older.pop_back();
  const auto database = testing::TestDatabase::Create(older);
  const absl::Status refused = OpenThird(*database);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("shard third"));
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr(migrations::tenant_data().back().name + " not applied"));
}

TEST_F(ShardsTest, ADatabaseThatBreaksTheRulesIsRefusedByName) {
  const auto database = testing::TestDatabase::Create(migrations::tenant_data());
  database->Execute("ALTER TABLE tenant_data.records NO FORCE ROW LEVEL SECURITY");
  const absl::Status refused = OpenThird(*database);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("shard third"));
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("tenant_data.records: row-level security is not enabled and forced"));
}

TEST_F(ShardsTest, ADatabaseOfAnotherInstallationIsRefusedByName) {
  const auto database = testing::TestDatabase::Create(migrations::tenant_data());
  database->Execute("INSERT INTO core.installation (trust_domain) VALUES ('other.example')");
  const absl::Status refused = OpenThird(*database);
  EXPECT_EQ(ReasonOf(refused), "OTHER_INSTALLATION");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("shard third"));
}

TEST_F(ShardsTest, RecordsInADatabaseThatThisProcessDoesNotKnowStopItsStart) {
  MoveTo(a_, "second");
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  Shards alone(*postgres::Door::Open(test_->Pool("kasbah_tenant_data_mover"),
                                     postgres::DoorToken::RecordsMover(), deadline),
               *postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                     postgres::DoorToken::TenantDataUpkeep(), deadline));
  EXPECT_EQ(ReasonOf(ShardMap(alone).Load(deadline)), "SHARD_UNKNOWN");
}

// A new table of records that nobody thought of would stay behind when its tenant moves.
TEST_F(ShardsTest, EveryTableWithTenantsMovesOrIsListedAsOneThatStays) {
  EXPECT_EQ(test_->QueryValue(
                "SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c "
                "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
                "WHERE c.relnamespace = 'tenant_data'::regnamespace AND c.relkind IN ('r', 'p') "
                "AND c.relname NOT IN ('domains', 'hosts', 'outbox', 'placements', 'moves', "
                "'changed_rows', 'quota_settings', 'usage_days', 'usage_now') AND NOT EXISTS "
                "(SELECT FROM pg_trigger g "
                "WHERE g.tgrelid = c.oid AND g.tgname = 'note_change')"),
            "")
      << "CALL tenant_data.make_movable, or say here that it stays at home";
}

// What somebody writes past tenant scope is noted all the same.
TEST_F(ShardsTest, AChangeThroughTheUpkeepsDoorIsNotedWhileItsTenantLeaves) {
  test_->Execute(absl::StrCat(
      "INSERT INTO tenant_data.files (tenant_id, file_id, name, content_type, size, state, "
      "creator_kind, creator_id, created_at, due_at) SELECT tenant_id, gen_random_uuid(), 'n', "
      "'text/plain', 5, 'pending', 'user', 'u', now(), now() FROM core.tenants "
      "WHERE tenant_id IN (",
      IdOf(a_), ", ", IdOf(b_), ")"));
  test_->Execute("UPDATE core.tenants SET records = 'leaving' WHERE tenant_id = " + IdOf(a_));
  test_->Execute("SELECT tenant_data.follow_changes('tenant_data.files')");
  constexpr postgres::Statement kPutOff{
      "test.put_off", "UPDATE tenant_data.files SET due_at = now()", postgres::Access::kWrite};
  EXPECT_OK(second_->shards().home().upkeep->Run(absl::Now() + absl::Seconds(30),
                                                 [&](postgres::Transaction& tx) -> absl::Status {
                                                   tx.Run(kPutOff);
                                                   return absl::OkStatus();
                                                 }));
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(tenant_id::text || ' ' || relation, ', ') "
                              "FROM tenant_data.changed_rows"),
            a_.uuid().ToString() + " files");
}

}  // namespace
}  // namespace kasbah::tenantdata
