#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"

namespace kasbah::outbox {

// False when it does not hold within half a minute.
inline bool Eventually(const std::function<bool()>& holds) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (absl::Now() < deadline) {
    if (holds()) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return false;
}

// A service's schema with an outbox and one table.
class OutboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_ = testing::TestDatabase::Create({{"vault", "0001_notes", R"sql(
      CREATE SCHEMA vault;
      GRANT USAGE ON SCHEMA vault TO kasbah_vault, kasbah_vault_relay;
      CALL core.admit('kasbah_vault');
      CALL core.create_outbox('vault', 'kasbah_vault', 'kasbah_vault_relay');
      CREATE TABLE vault.notes (tenant_id uuid NOT NULL, note_id uuid NOT NULL,
                                PRIMARY KEY (tenant_id, note_id));
      CALL core.protect('vault.notes');
      GRANT SELECT, INSERT ON vault.notes TO kasbah_vault;
    )sql"}});
    tenant_ = test_->CreateTenant("a");
    auto database = postgres::Database::Open(test_->Pool("kasbah_vault"), Soon());
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    outbox_ = std::make_unique<Outbox>("vault");
  }

  static absl::Time Soon() { return absl::Now() + absl::Seconds(30); }
  CallContext Call() const { return CallContext::ForBackground("service/vault", tenant_, Soon()); }

  std::unique_ptr<postgres::Door> OpenDoor() {
    auto door = postgres::Door::Open(test_->Pool("kasbah_vault_relay"),
                                     postgres::DoorToken::Relay(), Soon());
    EXPECT_OK(door);
    return *std::move(door);
  }

  // One committed event whose action is `action`.
  absl::Status Append(const std::string& action, size_t extra_bytes = 0) {
    const CallContext call = Call();
    v1::AuditEvent event = Succeeded(call, Clock::Real(), action, {"note", "1", ""});
    event.set_user_agent(std::string(extra_bytes, 'x'));
    return database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return outbox_->AppendAudit(tx, call, event); });
  }

  std::string Waiting() { return test_->QueryValue("SELECT count(*) FROM vault.outbox"); }

  std::unique_ptr<testing::TestDatabase> test_;
  TenantId tenant_;
  std::unique_ptr<postgres::Database> database_;
  std::unique_ptr<Outbox> outbox_;
};

}  // namespace kasbah::outbox
