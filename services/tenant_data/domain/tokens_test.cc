// Etags, page tokens and packed ciphertexts: small forms that come back from outside.

#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/domain/sealed_values.h"

namespace kasbah::tenantdata {
namespace {

using testing::StatusIs;

TEST(Etag, ReadsBackAndNothingElseDoes) {
  for (const uint64_t version : {uint64_t{1}, uint64_t{42}, uint64_t{1} << 59}) {
    ASSERT_OK_AND_ASSIGN(const uint64_t back, ParseEtag(FormatEtag(version)));
    EXPECT_EQ(back, version);
  }
  for (const char* bad : {"", "v", "1", "v0", "v01", "v-1", "v1 ", "V1", "v99999999999999999999"}) {
    EXPECT_THAT(ParseEtag(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(Etag, AStarIsWhateverTheState) {
  ASSERT_OK_AND_ASSIGN(const auto any, ParseEtagOrAny("*", false));
  EXPECT_EQ(any, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const auto one, ParseEtagOrAny("v3", true));
  EXPECT_EQ(one, 3u);
  EXPECT_OK(ParseEtagOrAny("", true));
  EXPECT_THAT(ParseEtagOrAny("", false), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseEtagOrAny("**", true), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PageToken, IsBoundToItsList) {
  const Uuid last = Uuid::V7(absl::FromUnixSeconds(1));
  ASSERT_OK_AND_ASSIGN(const auto back, ParsePageToken(FormatPageToken(last, "a"), "a"));
  EXPECT_EQ(back, last);
  EXPECT_THAT(ParsePageToken(FormatPageToken(last, "a"), "b"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  for (const char* bad : {"x", "!!!!", "AAAA"}) {
    EXPECT_THAT(ParsePageToken(bad, "a"), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
  ASSERT_OK_AND_ASSIGN(const auto none, ParsePageToken("", "a"));
  EXPECT_EQ(none, std::nullopt);
}

TEST(PageSize, HasADefaultAndALimit) {
  EXPECT_EQ(*PageSize(0), 100);
  EXPECT_EQ(*PageSize(7), 7);
  EXPECT_EQ(*PageSize(5000), 1000);
  EXPECT_THAT(PageSize(-1), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SealedValues, ReadBackAndNeverPastTheEnd) {
  SealedValues values;
  values[FieldId(Uuid({1}))] = std::string("\0\1\2", 3);
  values[FieldId(Uuid({2}))] = "";
  values[FieldId(Uuid({3}))] = std::string(70000, 'x');
  const std::string packed = PackSealed(values);
  ASSERT_OK_AND_ASSIGN(const SealedValues back, UnpackSealed(packed));
  EXPECT_EQ(back, values);
  EXPECT_EQ(PackSealed({}), "");
  for (const size_t cut : {size_t{1}, size_t{19}, size_t{22}, packed.size() - 1}) {
    EXPECT_THAT(UnpackSealed(packed.substr(0, cut)), StatusIs(absl::StatusCode::kDataLoss)) << cut;
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
