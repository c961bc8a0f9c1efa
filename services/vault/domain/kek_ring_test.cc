#include "services/vault/domain/kek_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/telemetry/metrics.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include "services/vault/domain/fakes.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::FakeClock;
using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;

absl::Status NoAnswer() { return absl::UnavailableError("no answer"); }
absl::Status Disabled() { return absl::FailedPreconditionError("disabled"); }

class KekRingTest : public ::testing::Test {
 protected:
  KekRingTest() {
    plain_.share = *ring_.MakeShare(tenant_);
    sealed_ = plain_;
    sealed_.generation = 2;
    sealed_.seal = TenantSeal{"aws_kms", "arn", ""};
    sealed_.sealed_half = std::string(32, 'h');
  }
  // Time as the checker sees it.
  void Pass(absl::Duration time) {
    for (absl::Duration step; step < time; step += absl::Seconds(1)) {
      clock_.Advance(absl::Seconds(1));
      ring_.CheckDue();
    }
  }
  absl::Status Open(const StoredKek& stored) { return ring_.Open(tenant_, stored).status(); }

  FakeClock clock_;
  fakes::MemoryShares shares_;
  fakes::MemorySealer sealer_;
  KekRing ring_{shares_, sealer_, clock_};
  const TenantId tenant_ = TenantId::New(clock_.Now());
  StoredKek plain_, sealed_;
  const WrappedKeyRef ref_{tenant_, KeyId::New(clock_.Now()), 1, KeyPurpose::kEncrypt};
  const crypto::SecretBytes key_ = crypto::SecretBytes::Random(32);
};

TEST_F(KekRingTest, AKekOpensWhatItWrappedInItsPlaceAndGeneration) {
  ASSERT_OK_AND_ASSIGN(const auto plain, ring_.Open(tenant_, plain_));
  ASSERT_OK_AND_ASSIGN(const std::string wrapped, plain->Wrap(ref_, key_));
  ASSERT_OK_AND_ASSIGN(const crypto::SecretBytes opened, plain->Unwrap(ref_, wrapped));
  EXPECT_TRUE(opened.Equals(key_));
  WrappedKeyRef other = ref_;
  other.version = 2;
  EXPECT_FALSE(plain->Unwrap(other, wrapped).ok());
  ASSERT_OK_AND_ASSIGN(const auto sealed, ring_.Open(tenant_, sealed_));
  EXPECT_FALSE(sealed->Unwrap(ref_, wrapped).ok());
  // The half matters, not the number of the generation alone.
  StoredKek another = sealed_;
  another.sealed_half = std::string(32, 'x');
  ASSERT_OK_AND_ASSIGN(const std::string by_sealed, sealed->Wrap(ref_, key_));
  ASSERT_OK_AND_ASSIGN(const auto by_another, ring_.OpenNow(tenant_, another));
  EXPECT_FALSE(by_another->Unwrap(ref_, by_sealed).ok());
}

TEST_F(KekRingTest, ASealThatRefusesEndsItWithinAMinute) {
  ASSERT_OK(Open(sealed_));
  sealer_.status = Disabled();
  EXPECT_OK(Open(sealed_));
  Pass(KekRing::kSealEvery + absl::Seconds(1));
  EXPECT_THAT(Open(sealed_), ReasonIs("TENANT_SEALED"));
  // And it is back when the seal is.
  sealer_.status = absl::OkStatus();
  Pass(KekRing::kFailedFor);
  EXPECT_OK(Open(sealed_));
}

TEST_F(KekRingTest, ASealThatGivesNoAnswerIsTrustedForAWhile) {
  ASSERT_OK(Open(sealed_));
  sealer_.status = NoAnswer();
  Pass(absl::Seconds(30));
  EXPECT_OK(Open(sealed_));
  Pass(absl::Seconds(20));
  EXPECT_THAT(Open(sealed_), ReasonIs("TENANT_SEALED"));
}

TEST_F(KekRingTest, WhatDoesNotOpenIsNotAskedAgainAtOnce) {
  sealer_.status = NoAnswer();
  EXPECT_THAT(Open(sealed_), ReasonIs("TENANT_SEALED"));
  EXPECT_THAT(Open(sealed_), ReasonIs("TENANT_SEALED"));
  EXPECT_EQ(sealer_.asked, 1);
}

TEST_F(KekRingTest, AShareThatIsAwayKeepsWhatIsOpenAndOpensNothingNew) {
  ASSERT_OK(Open(plain_));
  shares_.status = NoAnswer();
  Pass(absl::Minutes(3));
  EXPECT_OK(Open(plain_));
  EXPECT_THAT(ring_.Open(TenantId::New(clock_.Now()), plain_), ReasonIs("SHARE_UNAVAILABLE"));
}

TEST_F(KekRingTest, ADestroyedShareIsNoticedThoughTheDatabaseSaysNothing) {
  ASSERT_OK(Open(plain_));
  ASSERT_OK(shares_.Destroy({tenant_, plain_.share}));
  Pass(KekRing::kShareEvery + absl::Seconds(1));
  EXPECT_THAT(Open(plain_), ReasonIs("KEY_SHREDDED"));
}

TEST_F(KekRingTest, WhatTheDatabaseCallsShreddedEndsAtOnce) {
  ASSERT_OK(Open(plain_));
  StoredKek shredded = plain_;
  shredded.shredded_at = clock_.Now();
  EXPECT_THAT(Open(shredded), ReasonIs("KEY_SHREDDED"));
}

TEST_F(KekRingTest, MetricsCountTenantsThatAreSealedAlone) {
  using ::testing::HasSubstr;
  const auto has = [](const std::string& cause, int count) {
    return HasSubstr("kasbah_vault_tenants_sealed{cause=\"" + cause + "\"} " +
                     std::to_string(count) + "\n");
  };
  ASSERT_OK(Open(sealed_));
  sealer_.status = Disabled();
  Pass(KekRing::kSealEvery + absl::Seconds(1));
  EXPECT_THAT(Open(sealed_), ReasonIs("TENANT_SEALED"));
  shares_.status = NoAnswer();
  EXPECT_THAT(ring_.Open(TenantId::New(clock_.Now()), plain_), ReasonIs("SHARE_UNAVAILABLE"));
  Pass(absl::Seconds(1));
  EXPECT_THAT(telemetry::RenderMetrics(), has("own seal", 1));
  EXPECT_THAT(telemetry::RenderMetrics(), has("share", 1));
  // Nobody asked since, so nobody knows.
  Pass(KekRing::kCountedFor);
  EXPECT_THAT(telemetry::RenderMetrics(), has("own seal", 0));
  EXPECT_THAT(telemetry::RenderMetrics(), has("share", 0));
}

TEST_F(KekRingTest, AStoreThatNeverHadTheShareSaysSo) {
  StoredKek foreign = plain_;
  foreign.share = Uuid::V7(clock_.Now());
  EXPECT_THAT(Open(foreign), ReasonIs("SHARE_UNAVAILABLE"));
}

}  // namespace
}  // namespace kasbah::vault
