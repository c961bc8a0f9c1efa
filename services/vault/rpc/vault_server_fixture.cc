#include "services/vault/rpc/vault_server_fixture.h"

#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/database_service.h"
#include "services/vault/rpc/key_service.h"
#include "services/vault/rpc/lease_service.h"
#include "services/vault/rpc/rewrap_service.h"
#include "services/vault/rpc/seal_service.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/shred_service.h"
#include "services/vault/rpc/subject_service.h"
#include "services/vault/rpc/system_key_service.h"
#include "services/vault/rpc/tenant_seal_service.h"

namespace kasbah::vault {

struct VaultServerTest::Handlers {
  std::unique_ptr<SecretService> secrets;
  std::unique_ptr<CryptoService> crypto;
  std::unique_ptr<KeyService> keys;
  std::unique_ptr<SystemKeyService> system_keys;
  std::unique_ptr<RewrapService> rewraps;
  std::unique_ptr<DatabaseService> databases;
  std::unique_ptr<LeaseService> leases;
  std::unique_ptr<SealService> seal;
  std::unique_ptr<TenantSealService> tenant_seal;
  std::unique_ptr<ShredService> shred;
  std::unique_ptr<SubjectService> subjects;
};

VaultServerTest::VaultServerTest() : ServerHarness("vault") {}
VaultServerTest::~VaultServerTest() = default;

void VaultServerTest::StartServer() {
  CreateServer({v1::Secret::descriptor()->file(), v1::EncryptRequest::descriptor()->file(),
                v1::Key::descriptor()->file(), v1::Rewrap::descriptor()->file(),
                v1::TenantSeal::descriptor()->file(), v1::Lease::descriptor()->file(),
                subject::v1::Subject::descriptor()->file()});
  rpc::Pipeline& pipeline = server_->pipeline();
  handlers_ = std::make_unique<Handlers>();
  Handlers& h = *handlers_;
  changes_ =
      std::make_unique<KekChanges>(*vault_->root, *vault_->keks, *vault_->ring, *vault_->kek_store);
  secret_holder_ = std::make_unique<SecretHolder>(*vault_->database, *vault_->ring);
  holders_ = {{std::string(kVaultOwner), secret_holder_.get()}};
  retirement_ = std::make_unique<KeyRetirement>(*vault_->keys, holders_, Clock::Real());
  h.secrets = std::make_unique<SecretService>(pipeline, *vault_->database, vault_->outbox,
                                              *vault_->ring, *vault_->root, Clock::Real());
  h.crypto = std::make_unique<CryptoService>(pipeline, *vault_->ring, *vault_->subjects, *counted_);
  h.keys = std::make_unique<KeyService>(pipeline, *vault_->root, *vault_->ring, *vault_->keys,
                                        *retirement_);
  h.system_keys =
      std::make_unique<SystemKeyService>(pipeline, *vault_->root, *vault_->ring, *vault_->keys);
  h.rewraps =
      std::make_unique<RewrapService>(pipeline, *vault_->database, vault_->outbox, *vault_->root,
                                      *vault_->keys, *retirement_, Clock::Real());
  targets_ = std::make_unique<TargetAccess>(*vault_->database, vault_->outbox, *vault_->ring,
                                            *vault_->keys, guard_, Clock::Real());
  issuer_ =
      std::make_unique<LeaseIssuer>(*vault_->database, vault_->outbox, *targets_, Clock::Real());
  keeper_ = std::make_unique<LeaseKeeper>(*upkeep_door_, *vault_->database, vault_->outbox,
                                          *vault_->root, *targets_, Clock::Real());
  h.databases = std::make_unique<DatabaseService>(pipeline, *vault_->database, vault_->outbox,
                                                  *vault_->root, *targets_, Clock::Real());
  h.leases = std::make_unique<LeaseService>(pipeline, *vault_->database, vault_->outbox,
                                            *vault_->root, *issuer_, *keeper_, Clock::Real());
  h.seal = std::make_unique<SealService>(pipeline, *vault_->root, *vault_->root_store);
  h.tenant_seal =
      std::make_unique<TenantSealService>(pipeline, *changes_, *vault_->keys, *vault_->keks);
  h.shred = std::make_unique<ShredService>(pipeline, *changes_, *vault_->keys, *retirement_,
                                           Clock::Real());
  h.subjects = std::make_unique<SubjectService>(pipeline, *vault_->database, vault_->outbox,
                                                Clock::Real(), *changes_);
  Serve({h.secrets.get(), h.crypto.get(), h.keys.get(), h.system_keys.get(), h.rewraps.get(),
         h.databases.get(), h.leases.get(), h.seal.get(), h.tenant_seal.get(), h.shred.get(),
         h.subjects.get()});
}

}  // namespace kasbah::vault
