#include "libs/crypto/ed25519.h"

#include <gtest/gtest.h>

#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::crypto {
namespace {

using testing::StatusIs;

// RFC 8032, 7.1, tests 1 and 2.
TEST(Ed25519Test, SignsAsRfc8032Says) {
  struct Case {
    const char *seed, *public_key, *message, *signature;
  };
  const Case cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9b"
       "46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "11"
       "d8c387b2eaeb4302aeeb00d291612bb0c00"},
  };
  for (const Case& c : cases) {
    ASSERT_OK_AND_ASSIGN(const Ed25519Key key,
                         Ed25519Key::FromSeed(SecretBytes::Copy(*ParseHex(c.seed))));
    EXPECT_EQ(Hex(key.public_key()), c.public_key);
    EXPECT_EQ(Hex(key.Sign(*ParseHex(c.message))), c.signature);
  }
}

TEST(Ed25519Test, VerifiesOnlyWhatWasSigned) {
  const Ed25519Key key = Ed25519Key::Generate();
  const std::string signature = key.Sign("message");
  ASSERT_OK_AND_ASSIGN(const Ed25519PublicKey verifier,
                       Ed25519PublicKey::FromRaw(key.public_key()));
  EXPECT_TRUE(verifier.Verify("message", signature));
  EXPECT_FALSE(verifier.Verify("massage", signature));
  EXPECT_FALSE(verifier.Verify("message", signature.substr(1)));
  ASSERT_OK_AND_ASSIGN(const Ed25519PublicKey other,
                       Ed25519PublicKey::FromRaw(Ed25519Key::Generate().public_key()));
  EXPECT_FALSE(other.Verify("message", signature));
  EXPECT_FALSE(Ed25519PublicKey().Verify("message", signature));
}

TEST(Ed25519Test, SeedMakesTheSameKey) {
  const Ed25519Key key = Ed25519Key::Generate();
  ASSERT_OK_AND_ASSIGN(const Ed25519Key same, Ed25519Key::FromSeed(key.Seed()));
  EXPECT_EQ(same.public_key(), key.public_key());
}

TEST(Ed25519Test, WrongSizesAreRefused) {
  EXPECT_THAT(Ed25519Key::FromSeed(SecretBytes::Random(31)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Ed25519PublicKey::FromRaw("short"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace kasbah::crypto
