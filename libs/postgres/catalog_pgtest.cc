#include "libs/postgres/notes_fixture.h"

namespace kasbah::postgres {
namespace {

using testing::TestDatabase;

// A fault planted as superuser, and the line that names it.
struct Plant {
  const char* name;
  const char* sql;
  const char* fault;
};

#define KASBAH_PARTITION                                                                         \
  "CREATE TABLE vault.p (tenant_id uuid NOT NULL, n int, PRIMARY KEY (tenant_id, n)) PARTITION " \
  "BY RANGE (n); CREATE TABLE vault.p1 PARTITION OF vault.p FOR VALUES FROM (0) TO (9); CALL "   \
  "core.protect('vault.p'); CALL core.protect('vault.p1'); "

const Plant kPlants[] = {
    {"TableWithoutRowSecurity",
     "CREATE TABLE vault.x (tenant_id uuid PRIMARY KEY); CREATE POLICY p ON vault.x TO "
     "kasbah_vault_relay USING (true)",
     "vault.x: row-level security is not enabled and forced"},
    {"RowSecurityNotForced", "ALTER TABLE vault.notes NO FORCE ROW LEVEL SECURITY",
     "vault.notes: row-level security is not enabled and forced"},
    {"TableWithoutPolicy",
     "CREATE TABLE vault.x (tenant_id uuid PRIMARY KEY); ALTER TABLE vault.x ENABLE ROW LEVEL "
     "SECURITY; ALTER TABLE vault.x FORCE ROW LEVEL SECURITY",
     "vault.x: no policy"},
    {"WeakerTenantPolicy",
     "DROP POLICY tenant_rows ON vault.notes; CREATE POLICY tenant_rows ON vault.notes USING "
     "(true) "
     "WITH CHECK (true)",
     "vault.notes: policy tenant_rows is not the one of core.protect"},
    {"TenantPolicyWithAWayAround",
     "DROP POLICY tenant_rows ON vault.notes; CREATE POLICY tenant_rows ON vault.notes USING "
     "((tenant_id = nullif(current_setting('kasbah.tenant', true), '')::uuid AND "
     "current_setting('kasbah.customer_scope', true) <> '') OR body = 'x')",
     "vault.notes: policy tenant_rows is not the one of core.protect"},
    {"ScopeAskedOnceOfATable",
     "DROP POLICY tenant_rows ON vault.notes; CREATE POLICY tenant_rows ON vault.notes USING "
     "(tenant_id = (SELECT o.tenant_id FROM vault.orders o LIMIT 1) AND "
     "nullif(current_setting('kasbah.customer_scope', true), '') IS NOT NULL)",
     "vault.notes: policy tenant_rows is not the one of core.protect"},
    {"PolicyForARoleWithoutDoor",
     "CREATE POLICY all_rows ON vault.notes TO kasbah_vault USING (true)",
     "vault.notes: policy all_rows lets kasbah_vault ALL, which is no listed door"},
    {"PolicyForEverybody", "CREATE POLICY all_rows ON vault.notes USING (true)",
     "vault.notes: policy all_rows lets everybody ALL, which is no listed door"},
    {"ServiceOnADoorsTable", "GRANT SELECT ON vault.outbox_relay TO kasbah_vault",
     "vault.outbox_relay: kasbah_vault has rights on a table that is not a tenant's"},
    {"ServiceOnAColumnOfADoorsTable", "GRANT SELECT (holder) ON vault.outbox_relay TO kasbah_vault",
     "vault.outbox_relay: kasbah_vault has rights on a table that is not a tenant's"},
    {"DoorOnAnotherTable",
     "CALL core.open_door('vault.notes', 'kasbah_vault_upkeep', VARIADIC '{SELECT}')",
     "vault.notes: policy door_kasbah_vault_upkeep_select lets kasbah_vault_upkeep SELECT, which "
     "is "
     "no listed door"},
    {"DoorWithAnotherVerb",
     "CALL core.open_door('vault.outbox', 'kasbah_vault_relay', VARIADIC '{UPDATE}')",
     "vault.outbox: policy door_kasbah_vault_relay_update lets kasbah_vault_relay UPDATE, which is "
     "no listed door"},
    {"DoorWithAnotherColumn",
     "CREATE TABLE vault.keys (tenant_id uuid, key_id uuid, next_rotation_at timestamptz, wrapped "
     "bytea, PRIMARY KEY (tenant_id, key_id)); CALL core.protect('vault.keys'); CALL "
     "core.open_door('vault.keys', 'kasbah_vault_upkeep', VARIADIC '{\"SELECT (tenant_id, key_id, "
     "next_rotation_at)\"}'); GRANT SELECT (wrapped) ON vault.keys TO kasbah_vault_upkeep",
     "vault.keys: kasbah_vault_upkeep may SELECT wrapped, which its door does not show"},
    {"DoorWithoutItsGrant", "REVOKE DELETE ON vault.outbox FROM kasbah_vault_relay",
     "vault.outbox: policy door_kasbah_vault_relay_delete lets kasbah_vault_relay DELETE, who was "
     "not granted that"},
    {"OwnerPrunesElsewhere",
     "CREATE POLICY owner_prunes ON vault.notes TO kasbah_owner USING (true) WITH CHECK (true)",
     "vault.notes: policy owner_prunes lets kasbah_owner ALL, which is no listed door"},
    {"CustomerIdAddedLater", "ALTER TABLE vault.notes ADD COLUMN customer_id uuid",
     "vault.notes: policy tenant_rows is not the one of core.protect"},
    {"CustomerScopeWithAWayAround",
     "DROP POLICY tenant_rows ON vault.notes; CREATE POLICY tenant_rows ON vault.notes USING "
     "(tenant_id = nullif(current_setting('kasbah.tenant', true), '')::uuid AND "
     "(nullif(current_setting('kasbah.customer_scope', true), '') IS NOT NULL OR body = 'x'))",
     "vault.notes: policy tenant_rows is not the one of core.protect"},
    {"ExclusionOverTenants",
     "ALTER TABLE vault.notes ADD CONSTRAINT one_body EXCLUDE USING btree (body WITH =)",
     "vault.notes: exclusion constraint one_body does not start with tenant_id WITH ="},
    {"UniqueIndexOverTenants", "CREATE UNIQUE INDEX notes_body ON vault.notes (body)",
     "vault.notes: unique index vault.notes_body does not start with tenant_id"},
    {"ForeignKeyOverTenants",
     "ALTER TABLE vault.notes ADD UNIQUE (note_id, tenant_id); ALTER TABLE vault.orders ADD "
     "CONSTRAINT "
     "to_note FOREIGN KEY (order_id, tenant_id) REFERENCES vault.notes (note_id, tenant_id)",
     "vault.orders: foreign key to_note does not start with tenant_id"},
    {"NoPrimaryKey", "ALTER TABLE vault.notes DROP CONSTRAINT notes_pkey",
     "vault.notes: no primary key"},
    {"OwnersView", "CREATE VIEW vault.v AS SELECT * FROM vault.notes",
     "vault.v: a view without security_invoker"},
    {"MaterializedView", "CREATE MATERIALIZED VIEW vault.m AS SELECT * FROM vault.notes",
     "vault.m: a materialized view"},
    {"DefinerOffTheList",
     "CREATE FUNCTION vault.f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' "
     "AS 'SELECT 1'",
     "vault.f(): SECURITY DEFINER and not on the list"},
    {"DefinerWithoutSearchPath", "ALTER FUNCTION core.enter(uuid, text) RESET search_path",
     "core.enter(uuid,text): SECURITY DEFINER without search_path = ''"},
    {"DefinerForPublic", "GRANT EXECUTE ON FUNCTION core.enter(uuid, text) TO PUBLIC",
     "core.enter(uuid,text): PUBLIC may run it"},
    {"SetConfigForPublic",
     "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC",
     "set_config: PUBLIC may run it, and enter any tenant with it"},
    {"OwnedTable", "ALTER TABLE vault.notes OWNER TO kasbah_vault",
     "kasbah_vault: owns vault.notes"},
    {"TruncateGrant", "GRANT TRUNCATE ON vault.notes TO kasbah_vault",
     "vault.notes: kasbah_vault has TRUNCATE"},
    {"ReferencesGrant", "GRANT REFERENCES ON vault.notes TO kasbah_vault",
     "vault.notes: kasbah_vault has REFERENCES"},
    {"ReferencesGrantOfAColumn", "GRANT REFERENCES (note_id) ON vault.notes TO kasbah_vault",
     "vault.notes: kasbah_vault has REFERENCES"},
    {"TriggerGrant", "GRANT TRIGGER ON vault.notes TO kasbah_vault",
     "vault.notes: kasbah_vault has TRIGGER"},
    {"GrantToBeHandedOn", "GRANT SELECT ON vault.notes TO kasbah_vault WITH GRANT OPTION",
     "vault.notes: kasbah_vault has SELECT WITH GRANT OPTION"},
    {"GrantOfASequence", "GRANT USAGE ON SEQUENCE vault.outbox_id_seq TO kasbah_vault",
     "vault.outbox_id_seq: kasbah_vault has rights on a sequence of all tenants"},
    {"GrantToReadASequence", "GRANT SELECT ON SEQUENCE vault.outbox_id_seq TO kasbah_vault",
     "vault.outbox_id_seq: kasbah_vault has rights on a sequence of all tenants"},
    {"GrantOfAColumnToPublic", "GRANT SELECT (body) ON vault.notes TO PUBLIC",
     "vault.notes: PUBLIC has SELECT"},
    {"GrantToPublic", "GRANT SELECT ON vault.notes TO PUBLIC", "vault.notes: PUBLIC has SELECT"},
    {"CreateInSchema", "GRANT CREATE ON SCHEMA vault TO kasbah_vault",
     "kasbah_vault: may CREATE in schema vault"},
    {"TemporaryTables",
     "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO kasbah_vault', "
     "current_database()); END $$",
     "kasbah_vault: may TEMPORARY in this database"},
    {"PartitionWithGrants", KASBAH_PARTITION "GRANT SELECT ON vault.p1 TO kasbah_vault",
     "vault.p1: a partition with rights of its own for kasbah_vault"},
    {"PartitionWithAGrantOfAColumn",
     KASBAH_PARTITION "GRANT SELECT (n) ON vault.p1 TO kasbah_vault",
     "vault.p1: a partition with rights of its own for kasbah_vault"},
    {"TableInPublic", "CREATE TABLE public.t (x int)", "t: in schema public"},
};

class CatalogTest : public ::testing::TestWithParam<Plant> {};

TEST_P(CatalogTest, FindsThePlantedFault) {
  const auto test = TestDatabase::Create(NotesMigrations());
  test->Execute("SET search_path = ''; SET client_min_messages = error; " +
                std::string(GetParam().sql));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> faults, CheckCatalog(test->AdminDsn()));
  EXPECT_THAT(faults, ::testing::Contains(GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(Plants, CatalogTest, ::testing::ValuesIn(kPlants),
                         [](const auto& plant) { return std::string(plant.param.name); });

// Roles are the server's and not a database's: planted and taken back in one test.
TEST(Catalog, FindsRolesThatMayTooMuch) {
  const auto test = TestDatabase::Create(NotesMigrations());
  const auto faults_with = [&](const char* plant, const char* undo) {
    test->Execute(plant);
    const auto faults = CheckCatalog(test->AdminDsn());
    test->Execute(undo);
    return faults.value_or(std::vector<std::string>{});
  };
  EXPECT_THAT(
      faults_with("ALTER ROLE kasbah_vault BYPASSRLS", "ALTER ROLE kasbah_vault NOBYPASSRLS"),
      ::testing::Contains("kasbah_vault: has BYPASSRLS"));
  EXPECT_THAT(
      faults_with("GRANT kasbah_owner TO kasbah_vault", "REVOKE kasbah_owner FROM kasbah_vault"),
      ::testing::Contains("kasbah_vault: is a member of kasbah_owner"));
  EXPECT_THAT(
      faults_with("ALTER ROLE kasbah_vault REPLICATION", "ALTER ROLE kasbah_vault NOREPLICATION"),
      ::testing::Contains("kasbah_vault: has REPLICATION"));
  EXPECT_THAT(faults_with("ALTER ROLE kasbah_owner LOGIN", "ALTER ROLE kasbah_owner NOLOGIN"),
              ::testing::Contains("kasbah_owner: may log in"));
}

TEST(Catalog, AServicesOwnSchemaIsClean) {
  const auto test = TestDatabase::Create(NotesMigrations());
  test->Execute(
      "CREATE VIEW vault.v WITH (security_invoker = true) AS SELECT * FROM vault.notes; "
      "CALL core.ask_scope_once('vault.orders')");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> faults,
                       CheckCatalog(test->Pool("kasbah_migrator").dsn));
  EXPECT_THAT(faults, ::testing::IsEmpty());
}

}  // namespace
}  // namespace kasbah::postgres
