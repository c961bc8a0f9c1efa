// What becomes of a key: settings, rotation, retirement, uses.

#include <thread>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using Keys = v1::KeyService::Stub;
using Crypto = v1::CryptoService::Stub;
using Secrets = v1::SecretService::Stub;
using Version = v1::KeyVersion;

class KeyLifecycleTest : public VaultServerTest {
 protected:
  const std::string owner_ = "service/tenant-data";
  const std::string fields_ = "service/tenant-data/fields";

  template <typename Request>
  absl::StatusOr<v1::Key> Do(grpc::Status (Keys::*method)(grpc::ClientContext*, const Request&,
                                                          v1::Key*),
                             const std::string& key, uint32_t version = 0) {
    Request request;
    request.set_key(key);
    if constexpr (requires { request.set_version(version); }) request.set_version(version);
    return AsUser(a_, method, request);
  }
  absl::StatusOr<v1::Key> Destroy(const std::string& key, uint32_t version, bool force = false) {
    v1::DestroyKeyVersionRequest request;
    request.set_key(key);
    request.set_version(version);
    request.set_force(force);
    return AsUser(a_, &Keys::DestroyKeyVersion, request);
  }
  absl::StatusOr<v1::Key> Update(const v1::UpdateKeyRequest& request) {
    return AsUser(a_, &Keys::UpdateKey, request);
  }
  absl::StatusOr<std::string> Encrypt(const std::string& plaintext) {
    v1::EncryptRequest request;
    request.set_key("fields");
    request.set_plaintext(plaintext);
    auto reply = As(owner_, a_, &Crypto::Encrypt, request);
    if (!reply.ok()) return reply.status();
    return reply->ciphertext();
  }
  absl::StatusOr<std::string> Decrypt(const std::string& ciphertext) {
    v1::DecryptRequest request;
    request.set_key("fields");
    request.set_ciphertext(ciphertext);
    auto reply = As(owner_, a_, &Crypto::Decrypt, request);
    if (!reply.ok()) return reply.status();
    return reply->plaintext();
  }
  // Reads the key again, as every replica does within the lease.
  void EndLeases() { ASSERT_OK(vault_->ring->Refresh(Call(a_), *KeyName::Parse(fields_))); }
  absl::Status AddSecret(const std::string& path, const std::string& payload) {
    v1::CreateSecretRequest create;
    create.set_path(path);
    AsUser(a_, &Secrets::CreateSecret, create).status().IgnoreError();
    v1::AddSecretVersionRequest add;
    add.set_secret(path);
    add.set_payload(payload);
    return AsUser(a_, &Secrets::AddSecretVersion, add).status();
  }
};

TEST_F(KeyLifecycleTest, AKeyIsMadeWithItsSettingsOnce) {
  v1::CreateKeyRequest create;
  create.set_key("service/billing/invoices");
  create.set_purpose(v1::Key::PURPOSE_SIGN_P256);
  create.mutable_rotation_period()->set_seconds(86400 * 30);
  create.mutable_version_destroy_delay()->set_seconds(3600);
  ASSERT_OK_AND_ASSIGN(const v1::Key made, AsUser(a_, &Keys::CreateKey, create));
  EXPECT_EQ(made.primary_version(), 1u);
  EXPECT_EQ(made.next_rotation_time().seconds() - made.create_time().seconds(), 86400 * 30);
  EXPECT_THAT(AsUser(a_, &Keys::CreateKey, create), ReasonIs("ALREADY_EXISTS"));
  ASSERT_OK_AND_ASSIGN(const v1::Key got, Do(&Keys::GetKey, "service/billing/invoices"));
  EXPECT_EQ(got.purpose(), v1::Key::PURPOSE_SIGN_P256);
  EXPECT_EQ(got.version_destroy_delay().seconds(), 3600);
  EXPECT_EQ(got.rotation_period().seconds(), 86400 * 30);
  EXPECT_EQ(EventCount("key.create"), "1");

  create.set_key("nonsense/key");
  EXPECT_THAT(AsUser(a_, &Keys::CreateKey, create), ReasonIs("INVALID_FIELDS"));
  create.set_key("service/billing/other");
  create.mutable_rotation_period()->set_seconds(86399);
  EXPECT_THAT(AsUser(a_, &Keys::CreateKey, create), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Do(&Keys::GetKey, "service/billing/other"), ReasonIs("NOT_FOUND"));
}

TEST_F(KeyLifecycleTest, TheMaskSaysWhatChanges) {
  ASSERT_OK(Encrypt("x"));
  v1::UpdateKeyRequest update;
  update.set_key(fields_);
  update.mutable_rotation_period()->set_seconds(86400);
  update.mutable_version_destroy_delay()->set_seconds(60);
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  update.mutable_update_mask()->add_paths("rotation_period");
  ASSERT_OK_AND_ASSIGN(v1::Key key, Update(update));
  EXPECT_EQ(key.rotation_period().seconds(), 86400);
  EXPECT_EQ(key.version_destroy_delay().seconds(), 86400);
  update.clear_rotation_period();
  ASSERT_OK_AND_ASSIGN(key, Update(update));
  EXPECT_FALSE(key.has_rotation_period());
  EXPECT_FALSE(key.has_next_rotation_time());
  update.mutable_update_mask()->set_paths(0, "min_open_version");
  update.set_min_open_version(2);
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  update.mutable_update_mask()->set_paths(0, "purpose");
  EXPECT_THAT(Update(update), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(EventCount("key.update"), "2");
}

TEST_F(KeyLifecycleTest, TimeRotatesAKeyOnceAPeriod) {
  ASSERT_OK_AND_ASSIGN(const std::string before, Encrypt("x"));
  v1::UpdateKeyRequest update;
  update.set_key(fields_);
  update.mutable_update_mask()->add_paths("rotation_period");
  update.mutable_rotation_period()->set_seconds(86400);
  ASSERT_OK(Update(update));
  EXPECT_EQ(UpkeepIn(absl::Hours(23)), 0);
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  // The store's clock is the real one: the next is a day from now, whatever time was missed.
  EXPECT_EQ(UpkeepIn(absl::Hours(23)), 0);
  ASSERT_OK_AND_ASSIGN(const v1::Key key, Do(&Keys::GetKey, fields_));
  EXPECT_EQ(key.primary_version(), 2u);
  EXPECT_EQ(EventCount("key.rotate"), "1");
  EndLeases();
  ASSERT_OK_AND_ASSIGN(const std::string opened, Decrypt(before));
  EXPECT_EQ(opened, "x");
}

TEST_F(KeyLifecycleTest, AClockThatJumpsAheadRotatesOnceAndOneSetBackNotAtAll) {
  ASSERT_OK(Encrypt("x"));
  v1::UpdateKeyRequest update;
  update.set_key(fields_);
  update.mutable_update_mask()->add_paths("rotation_period");
  update.mutable_rotation_period()->set_seconds(86400);
  ASSERT_OK(Update(update));
  EXPECT_EQ(UpkeepIn(-absl::Hours(24 * 365)), 0);
  EXPECT_EQ(UpkeepIn(absl::Hours(24 * 365)), 1);
  EXPECT_EQ(UpkeepIn(-absl::Hours(24 * 365)), 0);
  EXPECT_EQ(UpkeepIn(absl::ZeroDuration()), 0);
  EXPECT_EQ(EventCount("key.rotate"), "1");
}

TEST_F(KeyLifecycleTest, OfReplicasThatFindAKeyDueOneRotatesIt) {
  ASSERT_OK(Encrypt("x"));
  v1::UpdateKeyRequest update;
  update.set_key(fields_);
  update.mutable_update_mask()->add_paths("rotation_period");
  update.mutable_rotation_period()->set_seconds(86400);
  ASSERT_OK(Update(update));
  // Due now, and after its rotation a day past what any of them does at that time.
  const absl::Time due = absl::Now() + absl::Hours(24);
  std::vector<std::thread> replicas;
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] { UpkeepAt(due); });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(EventCount("key.rotate"), "1");
}

TEST_F(KeyLifecycleTest, VersionsBelowTheMinimumOpenNothing) {
  ASSERT_OK_AND_ASSIGN(const std::string old, Encrypt("old"));
  ASSERT_OK(Do(&Keys::RotateKey, fields_));
  ASSERT_OK_AND_ASSIGN(const std::string fresh, Encrypt("fresh"));
  v1::UpdateKeyRequest update;
  update.set_key(fields_);
  update.mutable_update_mask()->add_paths("min_open_version");
  update.set_min_open_version(2);
  ASSERT_OK_AND_ASSIGN(const v1::Key key, Update(update));
  EXPECT_EQ(key.versions(0).state(), Version::STATE_TOO_OLD);
  EndLeases();
  EXPECT_THAT(Decrypt(old), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(Decrypt(fresh), IsOk());
  update.set_min_open_version(1);
  ASSERT_OK(Update(update));
  EndLeases();
  EXPECT_THAT(Decrypt(old), IsOk());
}

TEST_F(KeyLifecycleTest, ADestroyedVersionIsUnusableAtOnceAndGoneAfterItsDelay) {
  ASSERT_OK_AND_ASSIGN(const std::string old, Encrypt("old"));
  EXPECT_THAT(Destroy(fields_, 1, true), ReasonIs("KEY_VERSION_PRIMARY"));
  ASSERT_OK(Do(&Keys::RotateKey, fields_));
  EXPECT_THAT(Destroy(fields_, 3, true), ReasonIs("NOT_FOUND"));
  // Nobody registered as its keeper here.
  EXPECT_THAT(Destroy(fields_, 1), ReasonIs("KEY_REFERENCES_UNKNOWN"));
  ASSERT_OK_AND_ASSIGN(v1::Key key, Destroy(fields_, 1, true));
  EXPECT_EQ(key.versions(0).state(), Version::STATE_DESTROY_SCHEDULED);
  EndLeases();
  EXPECT_THAT(Decrypt(old), ReasonIs("OPEN_FAILED"));

  // Called off in time.
  EXPECT_EQ(UpkeepIn(absl::Hours(23)), 0);
  ASSERT_OK_AND_ASSIGN(key, Do(&Keys::RestoreKeyVersion, fields_, 1));
  EXPECT_EQ(key.versions(0).state(), Version::STATE_ENABLED);
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 0);
  EndLeases();
  EXPECT_THAT(Decrypt(old), IsOk());

  ASSERT_OK(Destroy(fields_, 1, true));
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  ASSERT_OK_AND_ASSIGN(key, Do(&Keys::GetKey, fields_));
  EXPECT_EQ(key.versions(0).state(), Version::STATE_DESTROYED);
  EXPECT_TRUE(key.versions(0).has_destroy_time());
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.key_versions WHERE wrapped IS NULL"),
            "1");
  EXPECT_THAT(Do(&Keys::RestoreKeyVersion, fields_, 1), ReasonIs("KEY_VERSION_DESTROYED"));
  EXPECT_THAT(Destroy(fields_, 1, true), ReasonIs("KEY_VERSION_DESTROYED"));
  EXPECT_EQ(EventCount("key.version.destroyed"), "1");
  // The newest one still works.
  EXPECT_THAT(Encrypt("x"), IsOk());
}

TEST_F(KeyLifecycleTest, WhatIsStillNeededIsNotDestroyed) {
  ASSERT_OK(AddSecret("s", "payload"));
  ASSERT_OK(Do(&Keys::RotateKey, "secrets"));
  v1::CountKeyReferencesRequest count;
  count.set_key("secrets");
  ASSERT_OK_AND_ASSIGN(auto counted, AsUser(a_, &Keys::CountKeyReferences, count));
  EXPECT_EQ(counted.references().at(1), 1u);
  EXPECT_THAT(Destroy("secrets", 1), ReasonIs("KEY_VERSION_REFERENCED"));

  ASSERT_OK_AND_ASSIGN(const auto page,
                       secret_holder_->Rewrap(Call(a_), *KeyName::Parse("secrets"), 2, "", 10));
  EXPECT_EQ(page.rewrapped, 1u);
  EXPECT_TRUE(page.is_last);
  ASSERT_OK_AND_ASSIGN(counted, AsUser(a_, &Keys::CountKeyReferences, count));
  EXPECT_EQ(counted.references().count(1), 0u);
  ASSERT_OK(Destroy("secrets", 1));
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  v1::AccessSecretVersionRequest access;
  access.set_secret("s");
  ASSERT_OK_AND_ASSIGN(const auto value, AsProgram(a_, &Secrets::AccessSecretVersion, access));
  EXPECT_EQ(value.payload(), "payload");
  EXPECT_EQ(value.version().key_version(), 2u);
}

TEST_F(KeyLifecycleTest, WhatTurnsUpBeforeTheDestructionCallsItOff) {
  ASSERT_OK(AddSecret("s", "payload"));
  ASSERT_OK(Do(&Keys::RotateKey, "secrets"));
  ASSERT_OK(secret_holder_->Rewrap(Call(a_), *KeyName::Parse("secrets"), 2, "", 10));
  ASSERT_OK(Destroy("secrets", 1));
  // A replica whose lease outlasted the schedule stored one more.
  test_->QueryValue("UPDATE vault.secret_versions SET key_version = 1 RETURNING 1");
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  ASSERT_OK_AND_ASSIGN(const v1::Key key, Do(&Keys::GetKey, "secrets"));
  EXPECT_EQ(key.versions(0).state(), Version::STATE_ENABLED);
  EXPECT_EQ(EventCount("key.version.destroy_refused"), "1");
}

TEST_F(KeyLifecycleTest, AReplicaThatSealsFromItsLeaseWhileAnotherRetiresTheVersionLosesNothing) {
  ASSERT_OK(AddSecret("s", "first"));
  // This replica's lease is of version 1 and lives on.
  const KeyName name = *KeyName::Parse("secrets");
  ASSERT_OK_AND_ASSIGN(const KeyRing::Lease old,
                       vault_->ring->Get(Call(a_), name, KeyPurpose::kEncrypt));
  Replica other(*test_, shares_.path());
  ASSERT_OK(other.Unseal());
  ASSERT_OK(other.ring->Rotate(Call(a_), name));
  SecretHolder theirs(*other.database, *other.ring);
  ASSERT_OK(theirs.Rewrap(Call(a_), name, 2, "", 100));
  const CiphertextHolders holders = {{std::string(kVaultOwner), &theirs}};
  KeyRetirement retirement(*other.keys, holders, Clock::Real());
  ASSERT_OK(retirement.Schedule(Call(a_), name, 1, /*force=*/false));
  // Sealed with version 1 all the same, as within five seconds it may be.
  ASSERT_OK(AddSecret("s", "second"));
  if (test_->QueryValue("SELECT key_version FROM vault.secret_versions WHERE version = 2") != "1") {
    GTEST_SKIP() << "a slow machine: the lease was renewed before it could be used";
  }
  EXPECT_EQ(old->primary_version(), 1u);
  // The end of the delay finds it and lets the version be.
  EXPECT_EQ(UpkeepIn(absl::Hours(25)), 1);
  ASSERT_OK_AND_ASSIGN(const v1::Key key, Do(&Keys::GetKey, "secrets"));
  EXPECT_EQ(key.versions(0).state(), Version::STATE_ENABLED);
  ASSERT_OK(vault_->ring->Refresh(Call(a_), name));
  v1::AccessSecretVersionRequest access;
  access.set_secret("s");
  ASSERT_OK_AND_ASSIGN(const auto value, AsProgram(a_, &Secrets::AccessSecretVersion, access));
  EXPECT_EQ(value.payload(), "second");
}

TEST_F(KeyLifecycleTest, NoDelayIsShorterThanALeaseAndACall) {
  ASSERT_OK(Encrypt("x"));
  ASSERT_OK(Do(&Keys::RotateKey, fields_));
  v1::UpdateKeyRequest update;
  update.set_key(fields_);
  update.mutable_update_mask()->add_paths("version_destroy_delay");
  update.mutable_version_destroy_delay()->set_seconds(0);
  ASSERT_OK(Update(update));
  ASSERT_OK(Destroy(fields_, 1, true));
  EXPECT_EQ(UpkeepIn(absl::Seconds(60)), 0);
  EXPECT_EQ(UpkeepIn(absl::Seconds(80)), 1);
}

TEST_F(KeyLifecycleTest, UsesAreCountedAheadAndNeverTooLow) {
  for (int i = 0; i < 300; ++i) ASSERT_OK(Encrypt("x"));
  const std::string counted = "SELECT operations FROM vault.key_versions WHERE version = 1";
  EXPECT_GE(std::stoll(test_->QueryValue(counted)), 300);
  EXPECT_LT(std::stoll(test_->QueryValue(counted)), 300 + 10'000);
  ASSERT_OK_AND_ASSIGN(const v1::Key key, Do(&Keys::GetKey, fields_));
  EXPECT_GE(key.versions(0).operations(), 300u);
}

TEST_F(KeyLifecycleTest, AKeyNearItsLimitIsRotatedAndAtItRefusesToSeal) {
  KeyStore keys(*vault_->database, vault_->outbox, Clock::Real(), /*operation_limit=*/1000);
  KeyRing ring(*vault_->root, *vault_->keks, keys, Clock::Real());
  const KeyName name = *KeyName::Parse(fields_);
  ASSERT_OK_AND_ASSIGN(KeyRing::Lease lease,
                       ring.GetOrCreate(Call(a_), name, KeyPurpose::kEncrypt));
  ASSERT_OK(ring.Take(Call(a_), *lease, 700));
  EXPECT_EQ(EventCount("key.version.worn"), "0");
  ASSERT_OK(ring.Take(Call(a_), *lease, 100));
  EXPECT_EQ(EventCount("key.version.worn"), "1");
  EXPECT_THAT(ring.Take(Call(a_), *lease, 300), ReasonIs("KEY_VERSION_EXHAUSTED"));
  // It still opens.
  ASSERT_OK_AND_ASSIGN(const std::string sealed, lease->Seal("encrypt", {}, "x"));
  EXPECT_THAT(lease->OpenSealed("encrypt", {}, sealed).status(), IsOk());
  // Due since it wore out.
  EXPECT_EQ(UpkeepIn(absl::Seconds(1)), 1);
  ASSERT_OK_AND_ASSIGN(lease, ring.Refresh(Call(a_), name));
  EXPECT_EQ(lease->primary_version(), 2u);
  EXPECT_THAT(ring.Take(Call(a_), *lease, 300), IsOk());
}

TEST_F(KeyLifecycleTest, OneOfTheTenantsCustomersSeesNoKeys) {
  ASSERT_OK(Encrypt("x"));
  customer_ = CustomerId::New(absl::Now());
  EXPECT_THAT(Do(&Keys::GetKey, fields_), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(Do(&Keys::RotateKey, fields_), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(Destroy(fields_, 1, true), ReasonIs("PERMISSION_DENIED"));
}

TEST_F(KeyLifecycleTest, AnotherTenantsKeyIsNotThere) {
  ASSERT_OK(Encrypt("x"));
  v1::DestroyKeyVersionRequest destroy;
  destroy.set_key(fields_);
  destroy.set_version(1);
  destroy.set_force(true);
  EXPECT_THAT(AsUser(b_, &Keys::DestroyKeyVersion, destroy), ReasonIs("NOT_FOUND"));
  v1::GetKeyRequest get;
  get.set_key(fields_);
  EXPECT_THAT(AsUser(b_, &Keys::GetKey, get), ReasonIs("NOT_FOUND"));
}

}  // namespace
}  // namespace kasbah::vault
