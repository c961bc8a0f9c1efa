#include "services/audit/formats/text.h"

#include <gtest/gtest.h>

namespace kasbah::audit {
namespace {

std::string_view Nothing(char32_t) { return ""; }
std::string_view Quotes(char32_t character) { return character == '"' ? "\\\"" : ""; }

std::string Of(std::string_view text, Escape escape = Nothing, size_t limit = 0) {
  std::string out;
  AppendText(text, escape, limit, &out);
  return out;
}

TEST(Text, ValidTextStaysAsItIs) {
  EXPECT_EQ(Of("Zoë 東京 🔐"), "Zoë 東京 🔐");
  EXPECT_EQ(Of("say \"x\"", Quotes), "say \\\"x\\\"");
}

TEST(Text, EachByteThatIsNoUtf8BecomesAReplacement) {
  // A lone continuation, an overlong slash, a surrogate, one past the last, one cut short.
  EXPECT_EQ(Of("\x80"), "\uFFFD");
  EXPECT_EQ(Of("\xc0\xaf"), "\uFFFD\uFFFD");
  EXPECT_EQ(Of("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Of("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Of("\xe2\x82"), "\uFFFD\uFFFD");
}

TEST(Text, ControlCharactersAndTurnsOfDirectionAreNotSeen) {
  EXPECT_EQ(Of(std::string_view("a\0b\x1b\x7f", 5)), "a\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(Of("\u0085\u2028\u202E\u2066\uFEFF"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Text, ALimitCutsNeitherCharactersNorEscapes) {
  EXPECT_EQ(Of("123456", Nothing, 6), "123456");
  EXPECT_EQ(Of("1234567", Nothing, 6), "123…");
  // An escape of two bytes does not fit before the ellipsis.
  EXPECT_EQ(Of("12\"4567", Quotes, 6), "12…");
  for (size_t limit = 3; limit < 20; ++limit) {
    EXPECT_LE(Of("🔐🔐🔐🔐🔐🔐", Nothing, limit).size(), limit);
    EXPECT_EQ(Of("🔐🔐🔐🔐🔐🔐", Nothing, limit).find("\uFFFD"), std::string::npos);
  }
}

}  // namespace
}  // namespace kasbah::audit
