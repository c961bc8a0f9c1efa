#include "services/auth/domain/api_key_text.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/crypto/hash.h"
#include "services/auth/domain/base62.h"

namespace kasbah::auth {
namespace {

const TenantId kTenant = TenantId::New(absl::FromUnixSeconds(1'790'000'000));

TEST(Base62, HasOneTextForEachValue) {
  for (const size_t size : {4u, 16u, 32u}) {
    for (const std::string& bytes :
         {std::string(size, '\0'), std::string(size, '\xff'), crypto::RandomBytes(size)}) {
      const std::string text = EncodeBase62(bytes);
      EXPECT_EQ(text.size(), Base62Width(size));
      EXPECT_EQ(ParseBase62(text, size), bytes);
    }
  }
  EXPECT_EQ(Base62Width(4), 6u);
  EXPECT_EQ(Base62Width(16), 22u);
  EXPECT_EQ(Base62Width(32), 43u);
}

TEST(Base62, RefusesWhatEncodingCannotMake) {
  EXPECT_EQ(ParseBase62("zzzzzz", 4), std::nullopt) << "a number past 2^32";
  EXPECT_EQ(ParseBase62("00000", 4), std::nullopt);
  EXPECT_EQ(ParseBase62("0000000", 4), std::nullopt);
  EXPECT_EQ(ParseBase62("00000-", 4), std::nullopt);
  EXPECT_EQ(EncodeBase62(std::string("\0\0\0\x3e", 4)), "000010");
}

TEST(ApiKeyText, ComesBackFromItsText) {
  const ApiKeyId id = ApiKeyId::New(absl::FromUnixSeconds(1'790'000'001));
  const ApiKeyText made = ApiKeyText::Make(kTenant, id);
  EXPECT_EQ(made.text.size(), 101u);
  EXPECT_EQ(made.text.substr(0, 8), "ksb_key_");
  const std::optional<ApiKeyText> parsed = ApiKeyText::Parse(made.text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->id, id);
  EXPECT_EQ(parsed->tenant, kTenant);
  EXPECT_EQ(parsed->Hash(), made.Hash());
}

TEST(ApiKeyText, EverySingleTypoIsRefused) {
  const std::string text = ApiKeyText::Make(kTenant, ApiKeyId::New(absl::Now())).text;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string typo = text;
    typo[i] = typo[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(ApiKeyText::Parse(typo).has_value()) << "position " << i;
  }
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    std::string swapped = text;
    std::swap(swapped[i], swapped[i + 1]);
    if (swapped == text) continue;
    EXPECT_FALSE(ApiKeyText::Parse(swapped).has_value()) << "position " << i;
  }
}

TEST(ApiKeyText, OtherLengthsAndPrefixesAreRefused) {
  const std::string text = ApiKeyText::Make(kTenant, ApiKeyId::New(absl::Now())).text;
  EXPECT_FALSE(ApiKeyText::Parse("").has_value());
  EXPECT_FALSE(ApiKeyText::Parse("ksb_key_").has_value());
  EXPECT_FALSE(ApiKeyText::Parse(text.substr(0, text.size() - 1)).has_value());
  EXPECT_FALSE(ApiKeyText::Parse(text + "0").has_value());
  EXPECT_FALSE(ApiKeyText::Parse(" " + text.substr(1)).has_value());
}

TEST(ApiKeyText, TwoKeysOfOneIdShareNothingSecret) {
  const ApiKeyId id = ApiKeyId::New(absl::Now());
  const ApiKeyText a = ApiKeyText::Make(kTenant, id);
  const ApiKeyText b = ApiKeyText::Make(kTenant, id);
  EXPECT_NE(a.text, b.text);
  EXPECT_NE(a.Hash(), b.Hash());
  EXPECT_EQ(a.DisplayPrefix(), b.DisplayPrefix()) << "the prefix is made of the id alone";
}

}  // namespace
}  // namespace kasbah::auth
