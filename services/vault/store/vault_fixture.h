#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/store/key_store.h"
#include "services/vault/store/migrations.h"
#include "services/vault/store/root_key_store.h"

namespace kasbah::vault {

// A seal that keeps nothing secret, for tests of what is above it.
class OpenSeal : public Seal {
 public:
  std::string_view name() const override { return "open"; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef&, const crypto::SecretBytes& root) override {
    return std::string(root.view(crypto::SecretAccess::ForTest()));
  }
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef&, std::string_view wrapped) override {
    return crypto::SecretBytes::Copy(wrapped);
  }
};

// One vault process's own pools, root keys and key ring over a shared database.
struct Replica {
  explicit Replica(const testing::TestDatabase& test) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    database = *postgres::Database::Open(test.Pool("kasbah_vault"), deadline);
    door = *postgres::Door::Open(test.Pool("kasbah_vault_root"), postgres::DoorToken::VaultRoot(),
                                 deadline);
    root_store = std::make_unique<RootKeyStore>(*door, outbox, Clock::Real());
    root = std::make_unique<RootKeys>(std::vector<Seal*>{&seal}, *root_store, Clock::Real());
    keys = std::make_unique<KeyStore>(*database, outbox, Clock::Real());
    ring = std::make_unique<KeyRing>(*root, *keys, Clock::Real());
  }
  absl::Status Unseal() { return root->Unseal(absl::Now() + absl::Seconds(20)); }

  OpenSeal seal;
  outbox::Outbox outbox{"vault"};
  std::unique_ptr<postgres::Database> database;
  std::unique_ptr<postgres::Door> door;
  std::unique_ptr<RootKeyStore> root_store;
  std::unique_ptr<RootKeys> root;
  std::unique_ptr<KeyStore> keys;
  std::unique_ptr<KeyRing> ring;
};

// Two tenants and one replica.
class VaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_ = testing::TestDatabase::Create(migrations::vault());
    a_ = test_->CreateTenant("a");
    b_ = test_->CreateTenant("b");
    vault_ = std::make_unique<Replica>(*test_);
    ASSERT_OK(vault_->Unseal());
  }

  static CallContext Call(TenantId tenant, std::string workload = "service/tenant-data") {
    CallContext call =
        CallContext::ForBackground(std::move(workload), tenant, absl::Now() + absl::Seconds(20));
    return call;
  }
  // Audit events of an action that are waiting to be relayed.
  std::string EventCount(const std::string& action) {
    return test_->QueryValue(
        "SELECT count(*) FROM vault.outbox WHERE topic = 'audit' AND "
        "position('" +
        action + "'::bytea in payload) > 0");
  }

  std::unique_ptr<testing::TestDatabase> test_;
  TenantId a_, b_;
  std::unique_ptr<Replica> vault_;
};

}  // namespace kasbah::vault
