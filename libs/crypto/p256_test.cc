#include "libs/crypto/p256.h"

#include <gtest/gtest.h>

#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::crypto {
namespace {

SecretBytes Seed(char fill) { return SecretBytes::Copy(std::string(P256Key::kSeedSize, fill)); }

TEST(P256, OneSeedIsOneKey) {
  ASSERT_OK_AND_ASSIGN(const P256Key a, P256Key::FromSeed(Seed('a')));
  ASSERT_OK_AND_ASSIGN(const P256Key again, P256Key::FromSeed(Seed('a')));
  ASSERT_OK_AND_ASSIGN(const P256Key b, P256Key::FromSeed(Seed('b')));
  EXPECT_EQ(a.public_key(), again.public_key());
  EXPECT_NE(a.public_key(), b.public_key());
  EXPECT_FALSE(P256Key::FromSeed(SecretBytes::Copy("short")).ok());
}

TEST(P256, VerifiesWhatItSignedAndNothingElse) {
  ASSERT_OK_AND_ASSIGN(const P256Key key, P256Key::FromSeed(Seed('a')));
  ASSERT_OK_AND_ASSIGN(const P256PublicKey verifier, P256PublicKey::FromPoint(key.public_key()));
  const std::string signature = key.Sign("message");
  EXPECT_TRUE(verifier.Verify("message", signature));
  EXPECT_FALSE(verifier.Verify("messagf", signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string broken = signature;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_FALSE(verifier.Verify("message", broken)) << i;
    EXPECT_FALSE(verifier.Verify("message", signature.substr(0, i))) << i;
  }
  EXPECT_FALSE(verifier.Verify("message", signature + '\0'));
  ASSERT_OK_AND_ASSIGN(const P256Key other, P256Key::FromSeed(Seed('b')));
  ASSERT_OK_AND_ASSIGN(const P256PublicKey stranger, P256PublicKey::FromPoint(other.public_key()));
  EXPECT_FALSE(stranger.Verify("message", signature));
}

// RFC 7515, A.3: the JWS form of a signature.
TEST(P256, VerifiesTheFormThatJwsHas) {
  const std::string x = *ParseBase64Url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  const std::string y = *ParseBase64Url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  ASSERT_OK_AND_ASSIGN(const P256PublicKey key, P256PublicKey::FromPoint("\x04" + x + y));
  const std::string message =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature = *ParseBase64Url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(key.VerifyRaw(message, signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string broken = signature;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_FALSE(key.VerifyRaw(message, broken)) << i;
    EXPECT_FALSE(key.VerifyRaw(message, signature.substr(0, i))) << i;
  }
  EXPECT_FALSE(key.VerifyRaw(message + "x", signature));
  EXPECT_FALSE(key.VerifyRaw(message, std::string(64, '\0')));
  EXPECT_FALSE(key.VerifyRaw(message, std::string(64, '\xff')));
  EXPECT_FALSE(key.VerifyRaw(message, ""));
}

TEST(P256, APublicKeyIsAPointOnTheCurve) {
  ASSERT_OK_AND_ASSIGN(const P256Key key, P256Key::FromSeed(Seed('a')));
  std::string point = key.public_key();
  point.back() = static_cast<char>(point.back() ^ 1);
  EXPECT_FALSE(P256PublicKey::FromPoint(point).ok());
  EXPECT_FALSE(P256PublicKey::FromPoint("").ok());
  EXPECT_FALSE(P256PublicKey::FromPoint(std::string(65, '\0')).ok());
}

}  // namespace
}  // namespace kasbah::crypto
