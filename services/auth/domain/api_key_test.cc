#include "services/auth/domain/api_key.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/auth/domain/membership.h"
#include "services/auth/domain/signing_certificate.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

ApiKey AKey() {
  ApiKey key;
  key.id = ApiKeyId::New(kNow);
  key.display_name = "import";
  key.role = Role::kMember;
  key.customer = CustomerId::New(kNow);
  key.create_time = kNow - absl::Hours(24);
  return key;
}

TEST(ApiKey, EndsAtItsExpiryAndWhenRevoked) {
  ApiKey key = AKey();
  EXPECT_TRUE(key.IsActive(kNow));
  key.expire_time = kNow;
  EXPECT_FALSE(key.IsActive(kNow));
  EXPECT_TRUE(key.IsActive(kNow - absl::Microseconds(1)));
  key.expire_time.reset();
  key.revoke_time = kNow;
  EXPECT_FALSE(key.IsActive(kNow - absl::Hours(1))) << "whatever the clock says";
}

TEST(ApiKey, IsRotatedOnceAndWhileItWorks) {
  ApiKey key = AKey();
  EXPECT_OK(CheckRotatable(key, kNow));
  key.successor = ApiKeyId::New(kNow);
  EXPECT_THAT(CheckRotatable(key, kNow), ReasonIs("API_KEY_ROTATED"));
  key.successor.reset();
  key.revoke_time = kNow;
  EXPECT_THAT(CheckRotatable(key, kNow), ReasonIs("API_KEY_INACTIVE"));
}

TEST(ApiKey, ASuccessorMayDoTheSameForAsLong) {
  ApiKey key = AKey();
  key.expire_time = kNow + absl::Hours(24);
  const ApiKey next = SuccessorOf(key, ApiKeyId::New(kNow), kNow);
  EXPECT_EQ(next.display_name, key.display_name);
  EXPECT_EQ(next.role, key.role);
  EXPECT_EQ(next.customer, key.customer);
  EXPECT_EQ(next.expire_time, kNow + absl::Hours(48));
}

TEST(ApiKey, AnOverlapNeverLengthensAKeysLife) {
  ApiKey key = AKey();
  EXPECT_EQ(EndOfOverlap(key, absl::Hours(1), kNow), kNow + absl::Hours(1));
  key.expire_time = kNow + absl::Minutes(5);
  EXPECT_EQ(EndOfOverlap(key, absl::Hours(1), kNow), kNow + absl::Minutes(5));
}

TEST(Membership, ALastOwnerIsFound) {
  const UserId ada = UserId::New(kNow);
  const UserId bob = UserId::New(kNow);
  const Membership owner{ada, Role::kOwner, "", kNow};
  EXPECT_THAT(CheckAnotherOwner({owner}, ada), ReasonIs("LAST_OWNER"));
  EXPECT_THAT(CheckAnotherOwner({owner, {bob, Role::kAdmin, "", kNow}}, ada),
              ReasonIs("LAST_OWNER"));
  EXPECT_OK(CheckAnotherOwner({owner, {bob, Role::kOwner, "", kNow}}, ada));
}

TEST(SigningCertificate, KeyIdIsTheThumbprintOfRfc8037) {
  // RFC 8037, appendix A.2 and A.3.
  const std::string raw =
      "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a"
      "\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";
  EXPECT_EQ(KeyIdOf(raw), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(SigningCertificate, SaysEverythingThatItVouchesFor) {
  const CertifiedKey key{"kid", std::string(32, 'p'), kNow, ""};
  const std::string text = CertificateText("spiffe://a/service/auth", key);
  CertifiedKey other = key;
  other.key_id = "kid2";
  EXPECT_NE(CertificateText("spiffe://a/service/auth", other), text);
  other = key;
  other.public_key[0] = 'q';
  EXPECT_NE(CertificateText("spiffe://a/service/auth", other), text);
  other = key;
  other.not_after += absl::Seconds(1);
  EXPECT_NE(CertificateText("spiffe://a/service/auth", other), text);
  EXPECT_NE(CertificateText("spiffe://b/service/auth", key), text);
}

}  // namespace
}  // namespace kasbah::auth
