#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/outbox/denials.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/server_harness.h"
#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/database_service.h"
#include "services/vault/rpc/key_service.h"
#include "services/vault/rpc/lease_service.h"
#include "services/vault/rpc/rewrap_service.h"
#include "services/vault/rpc/seal_service.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/shred_service.h"
#include "services/vault/rpc/subject_service.h"
#include "services/vault/rpc/tenant_seal_service.h"
#include "services/vault/store/vault_fixture.h"
#include "services/vault/upkeep/rewrapper.h"
#include "services/vault/upkeep/secret_holder.h"
#include "services/vault/upkeep/upkeep.h"

namespace kasbah::vault {

// The vault's handlers behind the real pipeline and mutual TLS, over a real database. Callers are
// made by certificate; the gateway's calls carry an assertion of a user who may do everything.
class VaultServerTest : public VaultTest, protected testing::ServerHarness {
 protected:
  VaultServerTest() : ServerHarness("vault") {}

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

  void StartServer() {
    CreateServer({v1::Secret::descriptor()->file(), v1::EncryptRequest::descriptor()->file(),
                  v1::Key::descriptor()->file(), v1::Rewrap::descriptor()->file(),
                  v1::TenantSeal::descriptor()->file(), v1::Lease::descriptor()->file(),
                  subject::v1::Subject::descriptor()->file()});
    rpc::Pipeline& pipeline = server_->pipeline();
    changes_ = std::make_unique<KekChanges>(*vault_->root, *vault_->keks, *vault_->ring,
                                            *vault_->kek_store);
    secret_holder_ = std::make_unique<SecretHolder>(*vault_->database, *vault_->ring);
    holders_ = {{std::string(kVaultOwner), secret_holder_.get()}};
    retirement_ = std::make_unique<KeyRetirement>(*vault_->keys, holders_, Clock::Real());
    secrets_ = std::make_unique<SecretService>(pipeline, *vault_->database, vault_->outbox,
                                               *vault_->ring, *vault_->root, Clock::Real());
    crypto_ =
        std::make_unique<CryptoService>(pipeline, *vault_->ring, *vault_->subjects, *counted_);
    keys_ = std::make_unique<KeyService>(pipeline, *vault_->root, *vault_->ring, *vault_->keys,
                                         *retirement_);
    rewraps_ =
        std::make_unique<RewrapService>(pipeline, *vault_->database, vault_->outbox, *vault_->root,
                                        *vault_->keys, *retirement_, Clock::Real());
    targets_ = std::make_unique<TargetAccess>(*vault_->database, vault_->outbox, *vault_->ring,
                                              *vault_->keys, guard_, Clock::Real());
    issuer_ =
        std::make_unique<LeaseIssuer>(*vault_->database, vault_->outbox, *targets_, Clock::Real());
    keeper_ = std::make_unique<LeaseKeeper>(*upkeep_door_, *vault_->database, vault_->outbox,
                                            *vault_->root, *targets_, Clock::Real());
    databases_ = std::make_unique<DatabaseService>(pipeline, *vault_->database, vault_->outbox,
                                                   *vault_->root, *targets_, Clock::Real());
    leases_ = std::make_unique<LeaseService>(pipeline, *vault_->database, vault_->outbox,
                                             *vault_->root, *issuer_, *keeper_, Clock::Real());
    seal_ = std::make_unique<SealService>(pipeline, *vault_->root, *vault_->root_store);
    tenant_seal_ =
        std::make_unique<TenantSealService>(pipeline, *changes_, *vault_->keys, *vault_->keks);
    shred_ = std::make_unique<ShredService>(pipeline, *changes_, *vault_->keys, *retirement_,
                                            Clock::Real());
    subjects_ = std::make_unique<SubjectService>(pipeline, *vault_->database, vault_->outbox,
                                                 Clock::Real(), *changes_);
    Serve({secrets_.get(), crypto_.get(), keys_.get(), rewraps_.get(), databases_.get(),
           leases_.get(), seal_.get(), tenant_seal_.get(), shred_.get(), subjects_.get()});
  }

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
  std::unique_ptr<SecretService> secrets_;
  std::unique_ptr<CryptoService> crypto_;
  std::unique_ptr<KeyService> keys_;
  std::unique_ptr<RewrapService> rewraps_;
  // Where tenants' databases may be: the test's own server is on loopback.
  http::AddressGuard guard_ = *http::AddressGuard::Create({"127.0.0.0/8"});
  std::unique_ptr<TargetAccess> targets_;
  std::unique_ptr<LeaseIssuer> issuer_;
  std::unique_ptr<LeaseKeeper> keeper_;
  std::unique_ptr<DatabaseService> databases_;
  std::unique_ptr<LeaseService> leases_;
  std::unique_ptr<SealService> seal_;
  std::unique_ptr<TenantSealService> tenant_seal_;
  std::unique_ptr<ShredService> shred_;
  std::unique_ptr<SubjectService> subjects_;
};

}  // namespace kasbah::vault
