#include "libs/crypto/encoding.h"

#include <gtest/gtest.h>

#include "libs/crypto/hash.h"

namespace kasbah::crypto {
namespace {

// RFC 4648, 10.
TEST(EncodingTest, AgreesWithRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(Base64(bytes), text);
    EXPECT_EQ(ParseBase64(text).value(), bytes);
  }
  EXPECT_EQ(Hex("foobar"), "666f6f626172");
  EXPECT_EQ(ParseHex("666F6f626172").value(), "foobar");
}

TEST(EncodingTest, RoundTripsEverySize) {
  for (size_t size = 0; size < 100; ++size) {
    const std::string bytes = RandomBytes(size);
    EXPECT_EQ(ParseBase64(Base64(bytes)).value(), bytes);
    EXPECT_EQ(ParseBase64Url(Base64Url(bytes)).value(), bytes);
    EXPECT_EQ(ParseHex(Hex(bytes)).value(), bytes);
  }
}

TEST(EncodingTest, UrlAlphabetReplacesTwoCharacters) {
  EXPECT_EQ(Base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(Base64Url("\xfb\xff"), "-_8");
}

TEST(EncodingTest, ParsersRefuseWhateverAnEncoderDoesNotWrite) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zg==\n", "Z g=", "Zg==Zg==", "Z===", "====", "-_8="}) {
    EXPECT_FALSE(ParseBase64(text).ok()) << text;
  }
  for (const char* text : {"Zg==", "Zh", "Z", "Zg\n", "+/8"}) {
    EXPECT_FALSE(ParseBase64Url(text).ok()) << text;
  }
  for (const char* text : {"6", "6g", " 66"}) EXPECT_FALSE(ParseHex(text).ok()) << text;
}

}  // namespace
}  // namespace kasbah::crypto
