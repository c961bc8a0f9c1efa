#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/postgres/database.h"
#include "libs/postgres/migration.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"

namespace kasbah::postgres {

// A schema as a service would have it, for this library's own tests.
inline std::vector<Migration> NotesMigrations() {
  return {{"vault", "0001_notes", R"sql(
    CREATE SCHEMA vault;
    GRANT USAGE ON SCHEMA vault TO kasbah_vault, kasbah_vault_relay;
    CALL core.admit('kasbah_vault');
    CALL core.create_outbox('vault', 'kasbah_vault', 'kasbah_vault_relay');
    CREATE TABLE vault.notes (
      tenant_id uuid NOT NULL, note_id uuid NOT NULL, body text NOT NULL,
      version bigint NOT NULL DEFAULT 1, PRIMARY KEY (tenant_id, note_id));
    CALL core.protect('vault.notes');
    GRANT SELECT, INSERT, UPDATE, DELETE ON vault.notes TO kasbah_vault;
    CREATE TABLE vault.orders (
      tenant_id uuid NOT NULL, order_id uuid NOT NULL, customer_id uuid NOT NULL,
      PRIMARY KEY (tenant_id, order_id));
    CALL core.protect('vault.orders');
    GRANT SELECT, INSERT ON vault.orders TO kasbah_vault;
  )sql"}};
}

inline constexpr Statement kInsertNote{
    "test.insert_note", "INSERT INTO vault.notes (tenant_id, note_id, body) VALUES ($1, $2, $3)",
    Access::kWrite};
inline constexpr Statement kGetNote{
    "test.get_note", "SELECT body FROM vault.notes WHERE tenant_id = $1 AND note_id = $2"};
// Without its own tenant condition: row-level security is the only guard.
inline constexpr Statement kAllNotes{"test.all_notes",
                                     "SELECT tenant_id, body FROM vault.notes ORDER BY body"};
inline constexpr Statement kInsertEvent{
    "test.insert_event",
    "INSERT INTO vault.outbox (tenant_id, topic, payload) VALUES ($1, 'audit', $2)",
    Access::kWrite};
inline constexpr Statement kSleep{"test.sleep", "SELECT pg_sleep($1)"};

class NotesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_ = testing::TestDatabase::Create(NotesMigrations());
    a_ = test_->CreateTenant("a");
    b_ = test_->CreateTenant("b");
    PoolOptions options = test_->Pool("kasbah_vault");
    options.size = 4;
    Open(options);
  }

  void Open(const PoolOptions& options) {
    auto opened = Database::Open(options, absl::Now() + absl::Seconds(20));
    ASSERT_TRUE(opened.ok()) << opened.status();
    database_ = *std::move(opened);
  }

  static CallContext Call(TenantId tenant, absl::Duration time = absl::Seconds(20)) {
    return CallContext::ForBackground("service/vault", tenant, absl::Now() + time);
  }

  // With its audit event, as every write.
  absl::Status Insert(TenantId tenant, const Uuid& id, std::string_view body) {
    return database_->WithTenant(Call(tenant), [&](Transaction& tx) {
      tx.Run(kInsertNote, tenant, id, body);
      tx.Run(kInsertEvent, tenant, Bytes{"event"});
      tx.MarkAudited();
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::string> Get(TenantId tenant, const Uuid& id,
                                  absl::Duration time = absl::Seconds(20)) {
    return database_->WithTenant(Call(tenant, time), [&](Transaction& tx) {
      return tx.RunForOne(
          kGetNote, "note", [](Row row) { return row.Get<std::string>(0); }, tenant, id);
    });
  }

  static Uuid NewId() { return Uuid::V7(absl::Now()); }

  std::unique_ptr<testing::TestDatabase> test_;
  std::unique_ptr<Database> database_;
  TenantId a_;
  TenantId b_;
};

}  // namespace kasbah::postgres
