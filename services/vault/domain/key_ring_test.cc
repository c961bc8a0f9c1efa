#include "services/vault/domain/key_ring.h"

#include <gtest/gtest.h>

#include <thread>

#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "services/vault/domain/fakes.h"
#include "services/vault/domain/file_seal.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::FakeClock;
using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;

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

absl::Status Suspended() {
  return Error(absl::StatusCode::kPermissionDenied, reason::kTenantSuspended, "suspended");
}
absl::Status DatabaseAway() {
  return Error(absl::StatusCode::kUnavailable, reason::kDatabaseUnavailable, "away");
}

class KeyRingTest : public ::testing::Test {
 protected:
  KeyRingTest() {
    EXPECT_TRUE(root_.Unseal(absl::InfiniteFuture()).ok());
    call_.tenant = TenantId::New(clock_.Now());
    call_.workload = "service/tenant-data";
  }

  // Passes time as the renewer sees it: a step, then a pass.
  void Pass(absl::Duration time) {
    for (absl::Duration step; step < time; step += absl::Seconds(1)) {
      clock_.Advance(absl::Seconds(1));
      ring_.RenewDue();
    }
  }

  FakeClock clock_;
  OpenSeal seal_;
  fakes::MemoryRootKeys root_source_;
  RootKeys root_{{&seal_}, root_source_, clock_};
  fakes::MemoryKeys source_;
  fakes::MemoryShares shares_;
  fakes::MemorySealer sealer_;
  KekRing keks_{shares_, sealer_, clock_};
  KeyRing ring_{root_, keks_, source_, clock_};
  CallContext call_;
  const KeyName name_{"service/tenant-data", "fields"};
};

TEST_F(KeyRingTest, AKeyIsMadeAtItsFirstUseOnly) {
  ASSERT_OK_AND_ASSIGN(const auto first, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  ASSERT_OK_AND_ASSIGN(const auto second, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  EXPECT_EQ(first->id(), second->id());
  EXPECT_EQ(source_.creates, 1);
  EXPECT_EQ(first->primary_version(), 1u);
}

TEST_F(KeyRingTest, GetMakesNothing) {
  EXPECT_THAT(ring_.Get(call_, name_, KeyPurpose::kEncrypt), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(source_.creates, 0);
}

TEST_F(KeyRingTest, ThreadsThatMeetAtTheFirstUseShareOneKey) {
  std::vector<std::thread> threads;
  std::vector<KeyId> ids(8);
  for (size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto lease = ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt);
      if (lease.ok()) ids[i] = (*lease)->id();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const KeyId& id : ids) EXPECT_EQ(id, ids[0]);
  EXPECT_FALSE(ids[0].is_nil());
  EXPECT_EQ(source_.creates, 1);
}

TEST_F(KeyRingTest, ALiveLeaseAsksNothing) {
  ASSERT_OK(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  source_.SetStatus(DatabaseAway());
  const int reads = source_.reads;
  for (int i = 0; i < 100; ++i) EXPECT_THAT(ring_.Get(call_, name_, KeyPurpose::kEncrypt), IsOk());
  EXPECT_EQ(source_.reads, reads);
}

TEST_F(KeyRingTest, WithTheDatabaseAwayTheLeaseEnds) {
  ASSERT_OK(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  source_.SetStatus(DatabaseAway());
  clock_.Advance(KeyLease::kDuration - absl::Milliseconds(1));
  EXPECT_THAT(ring_.Get(call_, name_, KeyPurpose::kEncrypt), IsOk());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(ring_.FindLive(call_.tenant, name_), nullptr);
  EXPECT_THAT(ring_.Get(call_, name_, KeyPurpose::kEncrypt),
              StatusIs(absl::StatusCode::kUnavailable));
  source_.SetStatus(absl::OkStatus());
  EXPECT_THAT(ring_.Get(call_, name_, KeyPurpose::kEncrypt), IsOk());
}

TEST_F(KeyRingTest, ASuspendedTenantIsRefusedWithinTheLease) {
  ASSERT_OK(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  source_.SetStatus(Suspended());
  Pass(KeyLease::kDuration);
  EXPECT_THAT(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(KeyRingTest, ALeaseInUseIsRenewedAndAnIdleOneForgotten) {
  ASSERT_OK_AND_ASSIGN(const auto lease, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  Pass(absl::Seconds(20));
  const auto renewed = ring_.FindLive(call_.tenant, name_);
  ASSERT_NE(renewed, nullptr);
  EXPECT_GT(renewed->issued(), lease->issued());
  Pass(absl::Seconds(60));
  EXPECT_EQ(ring_.FindLive(call_.tenant, name_), nullptr);
}

TEST_F(KeyRingTest, AClockSetBackEndsTheLease) {
  ASSERT_OK(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(ring_.FindLive(call_.tenant, name_), nullptr);
}

TEST_F(KeyRingTest, AfterAClockSetBackLeasesGoOnAndIdleOnesAreForgotten) {
  ASSERT_OK(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  clock_.Advance(-absl::Hours(1));
  ring_.RenewDue();
  const auto renewed = ring_.FindLive(call_.tenant, name_);
  ASSERT_NE(renewed, nullptr);
  EXPECT_EQ(renewed->issued(), clock_.Now());
  Pass(absl::Seconds(20));
  source_.SetStatus(DatabaseAway());
  const int reads = source_.reads;
  Pass(absl::Seconds(60));
  EXPECT_EQ(ring_.FindLive(call_.tenant, name_), nullptr);
  // Forgotten in half the time: nobody asks for it any more.
  const int until = source_.reads;
  EXPECT_GT(until, reads);
  Pass(absl::Seconds(60));
  EXPECT_EQ(source_.reads, until);
}

TEST_F(KeyRingTest, AClockSetAheadEndsTheLeaseUntilItIsReadAgain) {
  ASSERT_OK_AND_ASSIGN(const auto before, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  clock_.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(ring_.FindLive(call_.tenant, name_), nullptr);
  source_.SetStatus(Suspended());
  EXPECT_THAT(ring_.Get(call_, name_, KeyPurpose::kEncrypt), ReasonIs("TENANT_SUSPENDED"));
  source_.SetStatus(absl::OkStatus());
  ASSERT_OK_AND_ASSIGN(const auto after, ring_.Get(call_, name_, KeyPurpose::kEncrypt));
  EXPECT_EQ(after->id(), before->id());
  EXPECT_EQ(source_.creates, 1);
}

TEST_F(KeyRingTest, AnotherPurposeIsRefused) {
  ASSERT_OK(ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  for (const KeyPurpose purpose : {KeyPurpose::kMac, KeyPurpose::kSign}) {
    EXPECT_THAT(ring_.GetOrCreate(call_, name_, purpose), ReasonIs("KEY_PURPOSE_MISMATCH"));
  }
}

TEST_F(KeyRingTest, TenantsAndOwnersHaveKeysOfTheirOwn) {
  CallContext other = call_;
  other.tenant = TenantId::New(clock_.Now());
  ASSERT_OK_AND_ASSIGN(const auto ours, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  ASSERT_OK_AND_ASSIGN(const auto theirs, ring_.GetOrCreate(other, name_, KeyPurpose::kEncrypt));
  ASSERT_OK_AND_ASSIGN(const auto owners, ring_.GetOrCreate(call_, {"service/webhook", "fields"},
                                                            KeyPurpose::kEncrypt));
  EXPECT_NE(ours->id(), theirs->id());
  EXPECT_NE(ours->id(), owners->id());
  ASSERT_OK_AND_ASSIGN(const std::string sealed, ours->Seal("encrypt", {{"a", "b"}}, "value"));
  EXPECT_THAT(theirs->OpenSealed("encrypt", {{"a", "b"}}, sealed), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(owners->OpenSealed("encrypt", {{"a", "b"}}, sealed), ReasonIs("OPEN_FAILED"));
}

TEST_F(KeyRingTest, RotationHoldsHereAtOnceAndElsewhereWithinTheLease) {
  KeyRing replica(root_, keks_, source_, clock_);
  ASSERT_OK_AND_ASSIGN(const auto before, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  ASSERT_OK(replica.Get(call_, name_, KeyPurpose::kEncrypt));
  ASSERT_OK_AND_ASSIGN(const std::string old, before->Seal("encrypt", {}, "value"));

  ASSERT_OK(ring_.Rotate(call_, name_));
  ASSERT_OK_AND_ASSIGN(const auto after, ring_.Get(call_, name_, KeyPurpose::kEncrypt));
  EXPECT_EQ(after->primary_version(), 2u);
  EXPECT_THAT(after->OpenSealed("encrypt", {}, old), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto stale, replica.Get(call_, name_, KeyPurpose::kEncrypt));
  EXPECT_EQ(stale->primary_version(), 1u);

  clock_.Advance(KeyLease::kDuration);
  ASSERT_OK_AND_ASSIGN(const auto fresh, replica.Get(call_, name_, KeyPurpose::kEncrypt));
  EXPECT_EQ(fresh->primary_version(), 2u);
}

TEST_F(KeyRingTest, RotatingWhatIsNotThereIsNotFound) {
  EXPECT_THAT(ring_.Rotate(call_, name_), ReasonIs("NOT_FOUND"));
}

TEST_F(KeyRingTest, SealedMeansNoKeyAtAll) {
  fakes::MemoryRootKeys away;
  away.status = DatabaseAway();
  RootKeys sealed({&seal_}, away, clock_);
  KeyRing ring(sealed, keks_, source_, clock_);
  EXPECT_THAT(ring.GetOrCreate(call_, name_, KeyPurpose::kEncrypt), ReasonIs("SEALED"));
  EXPECT_THAT(ring.Rotate(call_, name_), ReasonIs("SEALED"));
  EXPECT_EQ(source_.reads, 0);
}

TEST_F(KeyRingTest, MacsAndSignaturesStayWithTheirVersion) {
  const KeyName mac_name{"service/webhook", "index"}, sign_name{"service/audit", "log"};
  ASSERT_OK_AND_ASSIGN(const auto mac, ring_.GetOrCreate(call_, mac_name, KeyPurpose::kMac));
  ASSERT_OK_AND_ASSIGN(const std::string first, mac->Mac(1, "data"));
  EXPECT_THAT(mac->Mac(2, "data"), ReasonIs("NOT_FOUND"));
  ASSERT_OK(ring_.Rotate(call_, mac_name));
  ASSERT_OK_AND_ASSIGN(const auto rotated, ring_.Get(call_, mac_name, KeyPurpose::kMac));
  EXPECT_EQ(*rotated->Mac(1, "data"), first);
  EXPECT_NE(*rotated->Mac(2, "data"), first);

  ASSERT_OK_AND_ASSIGN(const auto signer, ring_.GetOrCreate(call_, sign_name, KeyPurpose::kSign));
  const auto keys = signer->PublicKeys();
  ASSERT_EQ(keys.size(), 1u);
  ASSERT_OK_AND_ASSIGN(const auto verifier, crypto::Ed25519PublicKey::FromRaw(keys[0].raw));
  EXPECT_TRUE(verifier.Verify("data", signer->Sign("data")));
}

TEST_F(KeyRingTest, TheVaultsOwnContextCannotBeGiven) {
  ASSERT_OK_AND_ASSIGN(const auto lease, ring_.GetOrCreate(call_, name_, KeyPurpose::kEncrypt));
  EXPECT_THAT(lease->Seal("encrypt", {{"kasbah.tenant", "x"}}, "v"), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(const std::string sealed, lease->Seal("encrypt", {{"a", "b"}}, "v"));
  EXPECT_THAT(lease->OpenSealed("secret", {{"a", "b"}}, sealed), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(lease->OpenSealed("encrypt", {{"a", "c"}}, sealed), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(lease->OpenSealed("encrypt", {}, sealed), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(lease->OpenSealed("encrypt", {{"a", "b"}}, sealed), IsOk());
}

}  // namespace
}  // namespace kasbah::vault
