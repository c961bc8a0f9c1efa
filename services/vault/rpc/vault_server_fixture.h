#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/http/address_guard.h"
#include "libs/outbox/denials.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/server_harness.h"
#include "services/vault/store/vault_fixture.h"
#include "services/vault/upkeep/kek_changes.h"
#include "services/vault/upkeep/lease_issuer.h"
#include "services/vault/upkeep/lease_keeper.h"
#include "services/vault/upkeep/rewrapper.h"
#include "services/vault/upkeep/secret_holder.h"
#include "services/vault/upkeep/target_access.h"
#include "services/vault/upkeep/upkeep.h"

namespace kasbah::vault {

// The vault's handlers behind the real pipeline and mutual TLS, over a real database. Callers are
// made by certificate; the gateway's calls carry an assertion of a user who may do everything.
class VaultServerTest : public VaultTest, protected testing::ServerHarness {
 protected:
  VaultServerTest();
  ~VaultServerTest() override;

  void SetUp() override {
    VaultTest::SetUp();
    Count();
    auto door =
        postgres::Door::Open(test_->Pool("kasbah_vault_upkeep"), postgres::DoorToken::VaultUpkeep(),
                             absl::Now() + absl::Seconds(20));
    ASSERT_OK(door);
    upkeep_door_ = *std::move(door);
    StartServer();
  }
  void TearDown() override {
    StopServer();
    counted_.reset();
  }

  void StartServer();

  // The process is another: one that has nothing open yet.
  void Restart() {
    StopServer();
    counted_.reset();
    vault_ = std::make_unique<Replica>(*test_, shares_.path());
    ASSERT_OK(vault_->Unseal());
    Count();
    StartServer();
  }
  void Count() {
    counted_ =
        std::make_unique<outbox::CountedEvents>(*vault_->database, vault_->outbox, Clock::Real());
  }

  // What time asks for, as of `ahead` from now.
  int UpkeepIn(absl::Duration ahead) { return UpkeepAt(absl::Now() + ahead); }
  int UpkeepAt(absl::Time now) {
    testing::FakeClock clock(now);
    KeyRing ring(*vault_->root, *vault_->keks, *vault_->keys, clock);
    KeyRetirement retirement(*vault_->keys, holders_, clock);
    SecretUpkeep secrets(*vault_->database, vault_->outbox, clock);
    KeyUpkeep keys(*vault_->keys, ring, retirement, *changes_);
    Upkeep upkeep(*upkeep_door_, secrets, keys, clock);
    const absl::StatusOr<int> done = upkeep.RunOnce();
    EXPECT_OK(done);
    return done.value_or(-1);
  }

  std::unique_ptr<KekChanges> changes_;
  std::unique_ptr<SecretHolder> secret_holder_;
  CiphertextHolders holders_;
  std::unique_ptr<KeyRetirement> retirement_;
  std::unique_ptr<postgres::Door> upkeep_door_;
  std::unique_ptr<outbox::CountedEvents> counted_;
  // Where tenants' databases may be: the test's own server is on loopback.
  http::AddressGuard guard_ = *http::AddressGuard::Create({"127.0.0.0/8"});
  std::unique_ptr<TargetAccess> targets_;
  std::unique_ptr<LeaseIssuer> issuer_;
  std::unique_ptr<LeaseKeeper> keeper_;

 private:
  // Out of sight: what a service brings with it takes a compiler seconds in each file.
  struct Handlers;
  std::unique_ptr<Handlers> handlers_;
};

}  // namespace kasbah::vault
