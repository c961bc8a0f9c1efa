#include "services/tenant_data/domain/cursor.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using testing::StatusIs;

class CursorTest : public ::testing::Test {
 protected:
  void ExpectSame(const Cursor& cursor) {
    ASSERT_OK_AND_ASSIGN(const auto back,
                         ParseCursor(key_, "list", FormatCursor(key_, "list", cursor)));
    EXPECT_EQ(back->record, cursor.record);
    EXPECT_EQ(back->lacks_value, cursor.lacks_value);
    EXPECT_EQ(back->value.text, cursor.value.text);
    EXPECT_EQ(back->value.integer, cursor.value.integer);
    EXPECT_EQ(back->value.time, cursor.value.time);
  }

  const crypto::SecretBytes key_ = crypto::SecretBytes::Random(32);
  const RecordId record_ = RecordId::New(absl::Now());
};

TEST_F(CursorTest, ComesBackWhatWentIn) {
  ExpectSame({record_, {}, false});
  ExpectSame({record_, {}, true});
  ExpectSame({record_, {"a \"text\"", {}, {}}, false});
  ExpectSame({record_, {"", {}, {}}, false});
  ExpectSame({record_, {{}, -5, {}}, false});
  ExpectSame({record_, {{}, {}, absl::FromUnixMicros(1'700'000'000'123'456)}, false});
  ASSERT_OK_AND_ASSIGN(const auto version,
                       ParseVersionCursor(key_, "list", FormatVersionCursor(key_, "list", 7)));
  EXPECT_EQ(version, 7u);
  ASSERT_OK_AND_ASSIGN(const auto none, ParseCursor(key_, "list", ""));
  EXPECT_FALSE(none.has_value());
}

TEST_F(CursorTest, ATokenOfAnotherListOrKeyIsRefused) {
  const std::string token = FormatCursor(key_, "list", {record_, {}, false});
  EXPECT_THAT(ParseCursor(key_, "lisu", token), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseCursor(crypto::SecretBytes::Random(32), "list", token),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseVersionCursor(key_, "list", token),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CursorTest, NoBitOfATokenCanBeChanged) {
  const std::string token = FormatCursor(key_, "list", {record_, {{}, 42, {}}, false});
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    // The last character's spare bits decode to the same bytes or to none.
    EXPECT_FALSE(ParseCursor(key_, "list", changed).ok()) << i;
  }
  for (const char* text : {"x", "AAAA", "not base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(ParseCursor(key_, "list", text).ok()) << text;
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
