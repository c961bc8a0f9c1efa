#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/crypto/encoding.h"
#include "libs/testing/fake_clock.h"
#include "services/auth/store/auth_database_fixture.h"
#include "services/auth/trust/certifier_fixture.h"
#include "services/auth/trust/key_set.h"
#include "services/auth/trust/signing_key.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kIssuer[] = "spiffe://kasbah.dev/service/auth";

class SigningKeysTest : public AuthDatabase {
 protected:
  SigningKeysTest()
      : store_(*door_),
        signing_key_(kIssuer, certifier_, store_, clock_),
        key_set_(kIssuer, certifier_, store_, clock_) {}

  std::string CurrentId() {
    const auto current = signing_key_.Current();
    return current.ok() ? (*current)->key_id : "";
  }

  testing::FakeClock clock_;
  CertifierFixture certifier_;
  SigningKeyStore store_;
  SigningKey signing_key_;
  KeySet key_set_;
};

TEST_F(SigningKeysTest, NothingIsSignedBeforeTheVaultVouches) {
  certifier_.away = true;
  EXPECT_FALSE(signing_key_.RenewIfDue().ok());
  EXPECT_THAT(signing_key_.Current(), ReasonIs("SIGNING_KEY_UNAVAILABLE"));
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.signing_keys"), "0");

  certifier_.away = false;
  ASSERT_OK(signing_key_.RenewIfDue());
  ASSERT_OK_AND_ASSIGN(const auto current, signing_key_.Current());
  EXPECT_EQ(current->not_after, clock_.Now() + absl::Hours(1));
}

TEST_F(SigningKeysTest, APublishedKeyChecksWhatItsHolderSigned) {
  ASSERT_OK(signing_key_.RenewIfDue());
  ASSERT_OK_AND_ASSIGN(const auto current, signing_key_.Current());
  ASSERT_OK_AND_ASSIGN(const std::string jwks, key_set_.Jwks());
  EXPECT_THAT(jwks, HasSubstr(current->key_id));
  EXPECT_THAT(jwks, HasSubstr(crypto::Base64Url(current->key.public_key())));
}

TEST_F(SigningKeysTest, AKeyIsReplacedAndTheOldOneStaysPublishedUntilItsEnd) {
  ASSERT_OK(signing_key_.RenewIfDue());
  const std::string first = CurrentId();
  clock_.Advance(absl::Minutes(44));
  ASSERT_OK(signing_key_.RenewIfDue());
  EXPECT_EQ(CurrentId(), first);
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK(signing_key_.RenewIfDue());
  const std::string second = CurrentId();
  EXPECT_NE(second, first);
  ASSERT_OK_AND_ASSIGN(const std::string both, key_set_.Jwks());
  EXPECT_THAT(both, HasSubstr(first));
  EXPECT_THAT(both, HasSubstr(second));

  clock_.Advance(absl::Minutes(15));
  ASSERT_OK_AND_ASSIGN(const std::string later, key_set_.Jwks());
  EXPECT_THAT(later, Not(HasSubstr(first)));
  EXPECT_THAT(later, HasSubstr(second));
}

TEST_F(SigningKeysTest, AnOldKeyServesWhileTheVaultIsAwayButNotPastItsEnd) {
  ASSERT_OK(signing_key_.RenewIfDue());
  const std::string first = CurrentId();
  certifier_.away = true;
  clock_.Advance(absl::Minutes(50));
  EXPECT_FALSE(signing_key_.RenewIfDue().ok());
  EXPECT_EQ(CurrentId(), first);
  // An assertion made now would outlive the certificate.
  clock_.Advance(absl::Minutes(9) + absl::Seconds(1));
  EXPECT_THAT(signing_key_.Current(), ReasonIs("SIGNING_KEY_UNAVAILABLE"));
}

TEST_F(SigningKeysTest, APlantedKeyIsNotPublished) {
  ASSERT_OK(signing_key_.RenewIfDue());
  const auto plant = [&](const CertifiedKey& key) {
    ASSERT_OK(store_.Insert(key, Deadline()));
    clock_.Advance(absl::Seconds(10));
    ASSERT_OK_AND_ASSIGN(const std::string jwks, key_set_.Jwks());
    EXPECT_THAT(jwks, Not(HasSubstr(key.key_id)));
    EXPECT_THAT(jwks, HasSubstr(CurrentId()));
  };
  const auto intruder = crypto::Ed25519Key::Generate();
  CertifiedKey planted;
  planted.public_key = intruder.public_key();
  planted.key_id = KeyIdOf(planted.public_key);
  planted.not_after = clock_.Now() + absl::Hours(1);
  planted.certificate = intruder.Sign(CertificateText(kIssuer, planted));
  plant(planted);

  // What the vault signed for another issuer, and for an earlier end.
  const auto second = crypto::Ed25519Key::Generate();
  planted.public_key = second.public_key();
  planted.key_id = KeyIdOf(planted.public_key);
  planted.certificate =
      certifier_.key.Sign(CertificateText("spiffe://other.example/service/auth", planted));
  plant(planted);

  const auto third = crypto::Ed25519Key::Generate();
  planted.public_key = third.public_key();
  planted.key_id = KeyIdOf(planted.public_key);
  planted.certificate = certifier_.key.Sign(CertificateText(kIssuer, planted));
  planted.not_after += absl::Hours(1);
  plant(planted);
}

TEST_F(SigningKeysTest, PlantedRowsDoNotMakeEachReadAskTheVault) {
  const auto intruder = crypto::Ed25519Key::Generate();
  CertifiedKey planted;
  planted.public_key = intruder.public_key();
  planted.key_id = KeyIdOf(planted.public_key);
  planted.not_after = clock_.Now() + absl::Hours(1);
  planted.certificate = std::string(64, 'x');
  ASSERT_OK(store_.Insert(planted, Deadline()));
  for (int i = 0; i < 4; ++i) {
    EXPECT_OK(key_set_.Jwks());
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(certifier_.asked, 1);
}

TEST_F(SigningKeysTest, KnownKeysArePublishedWhileTheVaultIsAway) {
  ASSERT_OK(signing_key_.RenewIfDue());
  EXPECT_OK(key_set_.Jwks());
  certifier_.away = true;
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const std::string jwks, key_set_.Jwks());
  EXPECT_THAT(jwks, HasSubstr(CurrentId()));

  KeySet newcomer(kIssuer, certifier_, store_, clock_);
  EXPECT_THAT(newcomer.Jwks(), ReasonIs("SIGNING_KEY_UNAVAILABLE"));
}

}  // namespace
}  // namespace kasbah::auth
