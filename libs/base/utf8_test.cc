#include "libs/base/utf8.h"

#include <gtest/gtest.h>

namespace kasbah {
namespace {

std::string Of(char32_t code) {
  std::string text;
  AppendUtf8(code, &text);
  return text;
}

TEST(Utf8, EachLengthFromItsFirstCodePointToItsLast) {
  EXPECT_EQ(Of(0x00), std::string(1, '\0'));
  EXPECT_EQ(Of(0x7F), "\x7F");
  EXPECT_EQ(Of(0x80), "\xC2\x80");
  EXPECT_EQ(Of(0x7FF), "\xDF\xBF");
  EXPECT_EQ(Of(0x800), "\xE0\xA0\x80");
  EXPECT_EQ(Of(0xFFFF), "\xEF\xBF\xBF");
  EXPECT_EQ(Of(0x10000), "\xF0\x90\x80\x80");
  EXPECT_EQ(Of(0x10FFFF), "\xF4\x8F\xBF\xBF");
}

}  // namespace
}  // namespace kasbah
