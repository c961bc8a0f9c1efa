#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/vault/domain/fakes.h"
#include "services/vault/domain/file_share_store.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/store/kek_store.h"
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

// A directory for shares, gone with the test.
class ShareDirectory {
 public:
  ShareDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-shares-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ShareDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One vault process's own pools, root keys and key ring over a shared database.
struct Replica {
  Replica(const testing::TestDatabase& test, const std::string& shares_path) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    database = *postgres::Database::Open(test.Pool("kasbah_vault"), deadline);
    door = *postgres::Door::Open(test.Pool("kasbah_vault_root"), postgres::DoorToken::VaultRoot(),
                                 deadline);
    root_store = std::make_unique<RootKeyStore>(*door, outbox, Clock::Real());
    root = std::make_unique<RootKeys>(std::vector<Seal*>{&seal}, *root_store, Clock::Real());
    keys = std::make_unique<KeyStore>(*database, outbox, Clock::Real());
    shares = *FileShareStore::Create(shares_path);
    keks = std::make_unique<KekRing>(*shares, sealer, Clock::Real());
    kek_store = std::make_unique<KekStore>(*database, outbox, Clock::Real());
    ring = std::make_unique<KeyRing>(*root, *keks, *keys, Clock::Real());
    subjects = std::make_unique<SubjectRing>(*shares, *kek_store, Clock::Real());
  }
  absl::Status Unseal() { return root->Unseal(absl::Now() + absl::Seconds(20)); }

  OpenSeal seal;
  outbox::Outbox outbox{"vault"};
  std::unique_ptr<postgres::Database> database;
  std::unique_ptr<postgres::Door> door;
  std::unique_ptr<RootKeyStore> root_store;
  std::unique_ptr<RootKeys> root;
  std::unique_ptr<KeyStore> keys;
  std::unique_ptr<FileShareStore> shares;
  fakes::MemorySealer sealer;
  std::unique_ptr<KekRing> keks;
  std::unique_ptr<KekStore> kek_store;
  std::unique_ptr<KeyRing> ring;
  std::unique_ptr<SubjectRing> subjects;
};

// Two tenants and one replica.
class VaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_ = testing::TestDatabase::Create(migrations::vault());
    a_ = test_->CreateTenant("a");
    b_ = test_->CreateTenant("b");
    vault_ = std::make_unique<Replica>(*test_, shares_.path());
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

  ShareDirectory shares_;
  std::unique_ptr<testing::TestDatabase> test_;
  TenantId a_, b_;
  std::unique_ptr<Replica> vault_;
};

}  // namespace kasbah::vault
