#include "libs/crypto/ciphertext_v1.h"

#include <gtest/gtest.h>

#include "libs/crypto/context.h"
#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::crypto::ciphertext_v1 {
namespace {

using testing::ReasonIs;

const SecretAccess kTest = SecretAccess::ForTest();

std::string CountingBytes(int first, int last) {
  std::string bytes;
  for (int i = first; i < last; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

class CiphertextV1Test : public ::testing::Test {
 protected:
  const SecretBytes key_ = SecretBytes::Copy(CountingBytes(0, 32));
  const KeyRef ref_{*Uuid::Parse("01890a5d-96fd-7000-8000-00000000abcd"), 7};
  const std::string context_ = *EncodeContext({{"secret", "sec_y"}, {"kasbah.tenant", "ten_x"}});
  const std::string plaintext_ = "attack at dawn";

  absl::StatusOr<std::string> OpenMessage(std::string_view ciphertext) const {
    auto opened = Open(Use::kMessage, key_, ref_, context_, ciphertext);
    if (!opened.ok()) return opened.status();
    return std::string(opened->view(kTest));
  }
};

// Computed by an independent implementation (Python's cryptography) and frozen: whatever changes
// these bytes breaks every stored ciphertext.
TEST_F(CiphertextV1Test, SealsToTheFrozenBytes) {
  const std::string salt = CountingBytes(100, 132);
  EXPECT_EQ(
      Hex(internal::SealWithSalt(Use::kMessage, key_, ref_, context_, plaintext_, salt)),
      "01000101890a5d96fd7000800000000000abcd000000076465666768696a6b6c6d6e6f70717273747576777879"
      "7a7b7c7d7e7f808182830e829afec534c322ec91e0133a699a504555101251569fe5a335f2193b265756ee8bdb"
      "eb48fcb30edb81801cb60fa97ac251d5ef02c36d26fd7193b4d173");
  EXPECT_EQ(
      Hex(internal::SealWithSalt(Use::kWrappedKey, key_, ref_, context_, plaintext_, salt)),
      "01000101890a5d96fd7000800000000000abcd000000076465666768696a6b6c6d6e6f70717273747576777879"
      "7a7b7c7d7e7f80818283ee597de066e8767ea503ee24e5ed416b9e3c77192ae74bade5662f5cd0bc8c818424d4"
      "3b375b44749b232ff5ce6963a954c4c1088a89147a6dddd31aec1d");
}

TEST_F(CiphertextV1Test, OpensWhatItSealed) {
  for (size_t size : {0u, 1u, 15u, 16u, 256u, 65536u}) {
    const std::string plaintext(size, 'p');
    const std::string sealed = Seal(Use::kMessage, key_, ref_, context_, plaintext);
    EXPECT_EQ(sealed.size(), size + kOverhead);
    ASSERT_OK_AND_ASSIGN(const std::string opened, OpenMessage(sealed));
    EXPECT_EQ(opened, plaintext);
    ASSERT_OK_AND_ASSIGN(const KeyRef named, ParseKeyRef(sealed));
    EXPECT_EQ(named, ref_);
  }
}

TEST_F(CiphertextV1Test, SealingTwiceGivesDifferentBytes) {
  EXPECT_NE(Seal(Use::kMessage, key_, ref_, context_, plaintext_),
            Seal(Use::kMessage, key_, ref_, context_, plaintext_));
}

TEST_F(CiphertextV1Test, EveryFlippedBitFails) {
  const std::string sealed = Seal(Use::kMessage, key_, ref_, context_, plaintext_);
  for (size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = sealed;
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      EXPECT_THAT(OpenMessage(broken), ReasonIs("OPEN_FAILED")) << at;
    }
  }
}

TEST_F(CiphertextV1Test, EveryOtherSizeFails) {
  const std::string sealed = Seal(Use::kMessage, key_, ref_, context_, plaintext_);
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_THAT(OpenMessage(sealed.substr(0, size)), ReasonIs("OPEN_FAILED")) << size;
  }
  EXPECT_THAT(OpenMessage(sealed + '\0'), ReasonIs("OPEN_FAILED"));
}

TEST_F(CiphertextV1Test, OpensUnderNoOtherKeyContextVersionOrUse) {
  const std::string sealed = Seal(Use::kMessage, key_, ref_, context_, plaintext_);
  const auto fails = [&](const absl::StatusOr<SecretBytes>& opened) {
    EXPECT_THAT(opened, ReasonIs("OPEN_FAILED"));
    EXPECT_EQ(opened.status(), OpenFailed());
  };
  fails(Open(Use::kMessage, SecretBytes::Random(32), ref_, context_, sealed));
  fails(Open(Use::kWrappedKey, key_, ref_, context_, sealed));
  fails(Open(Use::kMessage, key_, {ref_.key_id, 8}, context_, sealed));
  fails(Open(Use::kMessage, key_, {Uuid(), 7}, context_, sealed));
  fails(Open(Use::kMessage, key_, ref_, "", sealed));
  fails(Open(Use::kMessage, key_, ref_,
             *EncodeContext({{"secret", "sec_z"}, {"kasbah.tenant", "ten_x"}}), sealed));
}

TEST_F(CiphertextV1Test, ACommitmentIsMadeWithItsKey) {
  // Another key's message under this one's commitment: the comparison comes before the opening.
  const std::string ours = Seal(Use::kMessage, key_, ref_, context_, plaintext_);
  std::string theirs = Seal(Use::kMessage, SecretBytes::Random(32), ref_, context_, plaintext_);
  theirs.replace(55, 32, ours, 55, 32);
  EXPECT_THAT(OpenMessage(theirs), ReasonIs("OPEN_FAILED"));
}

TEST_F(CiphertextV1Test, TextFormIsStrict) {
  const std::string sealed = Seal(Use::kMessage, key_, ref_, context_, plaintext_);
  const std::string text = ToText(sealed);
  EXPECT_TRUE(text.starts_with("kv1:"));
  EXPECT_EQ(FromText(text).value(), sealed);
  for (const std::string& broken :
       {std::string(), std::string("kv1:"), text + "=", text + " ", "KV1:" + text.substr(4),
        text.substr(4), "kv1:" + Base64Url("short")}) {
    EXPECT_THAT(FromText(broken), ReasonIs("OPEN_FAILED")) << broken;
  }
}

TEST(EncodeContextTest, SortsByBytesAndPrefixesSizes) {
  EXPECT_EQ(Hex(*EncodeContext({{"secret", "sec_y"}, {"kasbah.tenant", "ten_x"}})),
            "0002000d6b61736261682e74656e616e74000574656e5f78000673656372657400057365635f79");
  EXPECT_EQ(*EncodeContext({{"\xff", ""}, {"a", ""}}), *EncodeContext({{"a", ""}, {"\xff", ""}}));
  EXPECT_EQ(Hex(*EncodeContext({})), "0000");
}

TEST(EncodeContextTest, MovingABoundaryChangesTheBytes) {
  EXPECT_NE(*EncodeContext({{"ab", "c"}}), *EncodeContext({{"a", "bc"}}));
  EXPECT_NE(*EncodeContext({{"a", ""}, {"b", ""}}), *EncodeContext({{"a", "b"}}));
}

TEST(EncodeContextTest, RefusesDuplicatesAndWhatDoesNotFit) {
  EXPECT_FALSE(EncodeContext({{"a", "1"}, {"a", "2"}}).ok());
  EXPECT_FALSE(EncodeContext({{"a", "1"}, {"b", ""}, {"a", "1"}}).ok());
  const std::string long_value(65536, 'x');
  EXPECT_FALSE(EncodeContext({{"a", long_value}}).ok());
  EXPECT_TRUE(EncodeContext({{"a", long_value.substr(1)}}).ok());
}

}  // namespace
}  // namespace kasbah::crypto::ciphertext_v1
