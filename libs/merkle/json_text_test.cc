#include "libs/merkle/json_text.h"

#include <gtest/gtest.h>

namespace kasbah::merkle {
namespace {

TEST(JsonTextTest, EscapesWhatMustBeAndNothingElse) {
  EXPECT_EQ(JsonString("a\"b\\c/é\n\t\x01\x7f"), "\"a\\\"b\\\\c/é\\n\\t\\u0001\\u007f\"");
}

TEST(JsonTextTest, EveryByteComesBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const std::string text = JsonString(all);
  JsonCursor reader(text);
  EXPECT_EQ(reader.String(), all);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(JsonTextTest, AnotherSpellingOfAStringIsRefused) {
  for (const std::string_view text : {R"("\u000A")", R"("\u000a")", R"("\u001F")", R"("\u0041")",
                                      R"("\/")", R"("\u20ac")", R"("a)", R"("\)", "\"\n\""}) {
    JsonCursor cursor(text);
    EXPECT_FALSE(cursor.String().has_value()) << text;
    EXPECT_FALSE(cursor.AtEnd());
  }
}

TEST(JsonTextTest, NumbersAreDecimalWithoutLeadingZeros) {
  EXPECT_EQ(JsonCursor("18446744073709551615").Number(), 18446744073709551615u);
  EXPECT_EQ(JsonCursor("0,").Number(), 0u);
  for (const std::string_view text : {"01", "-1", "", "x", "18446744073709551616"}) {
    EXPECT_FALSE(JsonCursor(text).Number().has_value()) << text;
  }
}

TEST(JsonTextTest, AnObjectEndsWithItsOwnBrace) {
  JsonCursor cursor(R"({"a":{"b":"}\"{"}},)");
  EXPECT_EQ(cursor.Object(), R"({"a":{"b":"}\"{"}})");
  EXPECT_TRUE(cursor.Expect(","));
  EXPECT_TRUE(cursor.AtEnd());
  EXPECT_FALSE(JsonCursor(R"({"a":{})").Object().has_value());
}

}  // namespace
}  // namespace kasbah::merkle
