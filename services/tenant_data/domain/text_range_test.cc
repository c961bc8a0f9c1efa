#include "services/tenant_data/domain/text_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kasbah::tenantdata {
namespace {

TEST(PastPrefix, IsTheNextCodePointInPlaceOfTheLast) {
  EXPECT_EQ(PastPrefix("name 5"), "name 6");
  EXPECT_EQ(PastPrefix("a\x7F"), "a\u0080");
  EXPECT_EQ(PastPrefix("caf\u00E9"), "caf\u00EA");
  EXPECT_EQ(PastPrefix("\u07FF"), "\u0800");
  EXPECT_EQ(PastPrefix("\u4E2D"), "\u4E2E");
  EXPECT_EQ(PastPrefix("\uFFFF"), "\U00010000");
  EXPECT_EQ(PastPrefix("\U0001F600"), "\U0001F601");
  EXPECT_EQ(PastPrefix("\U0003FFFF"), "\U00040000");
}

TEST(PastPrefix, PassesOverSurrogatesWhichNoTextHas) {
  EXPECT_EQ(PastPrefix("x\uD7FF"), "x\uE000");
}

TEST(PastPrefix, GoesBackFromTheLastCodePointThereIs) {
  EXPECT_EQ(PastPrefix("ab\U0010FFFF\U0010FFFF"), "ac");
  EXPECT_EQ(PastPrefix("\U0010FFFF"), std::nullopt);
  EXPECT_EQ(PastPrefix(""), std::nullopt);
}

// Every code point that a text may have, as a prefix of its own.
TEST(PastPrefix, KeepsTheOrderOfBytes) {
  std::string text = "\x01";
  int count = 0;
  for (std::optional<std::string> past = PastPrefix(text); past; past = PastPrefix(text)) {
    ASSERT_LT(text, *past);
    ASSERT_LT(text + "\U0010FFFF", *past);
    text = *past;
    ++count;
  }
  EXPECT_EQ(text, "\U0010FFFF");
  EXPECT_EQ(count, 0x10FFFF - 1 - 0x800);
}

}  // namespace
}  // namespace kasbah::tenantdata
