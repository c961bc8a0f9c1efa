#include <atomic>
#include <thread>
#include <vector>

#include "services/vault/store/key_store.h"
#include "services/vault/store/vault_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;

const KeyName kFields{"service/tenant-data", "fields"};

using KeyStoreTest = VaultTest;

TEST_F(KeyStoreTest, AKeyIsMadeOnceWithItsEventAndReadBack) {
  ASSERT_OK_AND_ASSIGN(const auto lease,
                       vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt));
  EXPECT_EQ(EventCount("key.create"), "1");
  EXPECT_EQ(test_->QueryValue("SELECT owner || '/' || name || ' ' || purpose FROM vault.keys"),
            "service/tenant-data/fields encrypt");
  ASSERT_OK_AND_ASSIGN(const std::string sealed, lease->Seal("encrypt", {}, "value"));
  // A process that knows nothing yet opens it.
  Replica other(*test_, shares_.path());
  ASSERT_OK(other.Unseal());
  ASSERT_OK_AND_ASSIGN(const auto theirs, other.ring->Get(Call(a_), kFields, KeyPurpose::kEncrypt));
  EXPECT_THAT(theirs->OpenSealed("encrypt", {}, sealed), IsOk());
  EXPECT_EQ(EventCount("key.create"), "1");
}

TEST_F(KeyStoreTest, ReplicasThatMeetAtTheFirstUseShareOneKey) {
  constexpr int kReplicas = 4;
  std::vector<std::unique_ptr<Replica>> replicas;
  for (int i = 0; i < kReplicas; ++i) {
    replicas.push_back(std::make_unique<Replica>(*test_, shares_.path()));
    ASSERT_OK(replicas.back()->Unseal());
  }
  std::vector<std::thread> threads;
  std::vector<KeyId> ids(kReplicas);
  for (size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto lease = replicas[i]->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt);
      if (lease.ok()) ids[i] = (*lease)->id();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const KeyId& id : ids) EXPECT_EQ(id, ids[0]);
  EXPECT_FALSE(ids[0].is_nil());
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.keys"), "1");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.key_versions"), "1");
  EXPECT_EQ(EventCount("key.create"), "1");
}

TEST_F(KeyStoreTest, ReplicasThatStartTogetherMakeOneRootKey) {
  test_->Execute("TRUNCATE vault.root_keys CASCADE");
  constexpr int kReplicas = 4;
  std::vector<std::unique_ptr<Replica>> replicas;
  for (int i = 0; i < kReplicas; ++i)
    replicas.push_back(std::make_unique<Replica>(*test_, shares_.path()));
  std::vector<std::thread> threads;
  std::atomic<int> unsealed{0};
  for (auto& replica : replicas) {
    threads.emplace_back([&] { unsealed += replica->Unseal().ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(unsealed, kReplicas);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.root_keys"), "1");
  const WrappedKeyRef ref{a_, KeyId::New(absl::Now()), 1, KeyPurpose::kEncrypt};
  ASSERT_OK_AND_ASSIGN(const std::string wrapped,
                       replicas[0]->root->Wrap(ref, crypto::SecretBytes::Random(32)));
  for (auto& replica : replicas) EXPECT_THAT(replica->root->Unwrap(ref, wrapped), IsOk());
}

TEST_F(KeyStoreTest, RotationsOfTwoReplicasAllCount) {
  Replica other(*test_, shares_.path());
  ASSERT_OK(other.Unseal());
  ASSERT_OK_AND_ASSIGN(const auto first,
                       vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt));
  ASSERT_OK_AND_ASSIGN(const std::string oldest, first->Seal("encrypt", {}, "value"));
  constexpr int kEach = 5;
  std::atomic<int> rotated{0};
  const auto rotate = [&](Replica& replica) {
    for (int i = 0; i < kEach; ++i) {
      rotated += replica.ring->Rotate(Call(a_), kFields).ok() ? 1 : 0;
    }
  };
  std::thread mine([&] { rotate(*vault_); }), theirs([&] { rotate(other); });
  mine.join();
  theirs.join();
  EXPECT_EQ(rotated, 2 * kEach);
  EXPECT_EQ(EventCount("key.rotate"), "10");
  ASSERT_OK_AND_ASSIGN(const auto last, vault_->ring->Refresh(Call(a_), kFields));
  EXPECT_EQ(last->primary_version(), 1u + 2 * kEach);
  EXPECT_THAT(last->OpenSealed("encrypt", {}, oldest), IsOk());
}

TEST_F(KeyStoreTest, RotatingAnotherTenantsKeyIsNotFoundAndLeavesNoEvent) {
  ASSERT_OK(vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt));
  EXPECT_THAT(vault_->ring->Rotate(Call(b_), kFields), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(EventCount("key.rotate"), "0");
}

TEST_F(KeyStoreTest, ASuspendedTenantHasNoKeys) {
  ASSERT_OK(vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt));
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(vault_->ring->Refresh(Call(a_), kFields), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_EQ(vault_->ring->FindLive(a_, kFields), nullptr);
  EXPECT_THAT(vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt),
              ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(vault_->ring->GetOrCreate(Call(b_), kFields, KeyPurpose::kEncrypt), IsOk());
}

TEST_F(KeyStoreTest, KeysSwappedBetweenTenantsDoNotOpen) {
  ASSERT_OK(vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt));
  ASSERT_OK(vault_->ring->GetOrCreate(Call(b_), kFields, KeyPurpose::kEncrypt));
  test_->Execute(
      "UPDATE vault.key_versions v SET wrapped = o.wrapped "
      "FROM vault.key_versions o WHERE o.tenant_id <> v.tenant_id");
  Replica other(*test_, shares_.path());
  ASSERT_OK(other.Unseal());
  EXPECT_THAT(other.ring->Get(Call(a_), kFields, KeyPurpose::kEncrypt),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(KeyStoreTest, TheSystemTenantHasKeysToo) {
  EXPECT_THAT(vault_->ring->GetOrCreate(Call(kSystemTenant, "service/auth"),
                                        {"service/auth", "assertions"}, KeyPurpose::kSign),
              IsOk());
}

TEST_F(KeyStoreTest, ListingShowsTheTenantsOwnAndNothingWrapped) {
  ASSERT_OK(vault_->ring->GetOrCreate(Call(a_), kFields, KeyPurpose::kEncrypt));
  ASSERT_OK(vault_->ring->GetOrCreate(Call(a_), {"service/webhook", "index"}, KeyPurpose::kMac));
  ASSERT_OK(vault_->ring->GetOrCreate(Call(b_), kFields, KeyPurpose::kEncrypt));
  ASSERT_OK(vault_->ring->Rotate(Call(a_), kFields));
  ASSERT_OK_AND_ASSIGN(const auto keys, vault_->keys->List(Call(a_)));
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].name, kFields);
  EXPECT_EQ(keys[0].primary_version, 2u);
  ASSERT_EQ(keys[0].versions.size(), 2u);
  EXPECT_EQ(keys[0].versions[0].wrapped, "");
  EXPECT_EQ(keys[1].purpose, KeyPurpose::kMac);
}

TEST_F(KeyStoreTest, TheServicesRoleSeesNoRootKey) {
  constexpr postgres::Statement kSteal{"test.root_keys",
                                       "SELECT wrapped FROM vault.root_key_wraps"};
  EXPECT_FALSE(vault_->database
                   ->WithTenant(Call(a_), [&](postgres::Transaction& tx) { return tx.Run(kSteal); })
                   .ok());
}

TEST_F(KeyStoreTest, TheCatalogHoldsTheRules) {
  ASSERT_OK_AND_ASSIGN(const auto problems, postgres::CheckCatalog(test_->AdminDsn()));
  EXPECT_THAT(problems, ::testing::IsEmpty());
}

}  // namespace
}  // namespace kasbah::vault
