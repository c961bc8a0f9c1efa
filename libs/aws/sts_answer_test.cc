#include "libs/aws/sts_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::aws::internal {
namespace {

using kasbah::testing::StatusIs;
using ::testing::HasSubstr;

std::string AnswerWith(const std::string& credentials) {
  return StrCat(
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><Provider>p</Provider><Credentials>",
      credentials, "</Credentials></AssumeRoleWithWebIdentityResult>",
      "</AssumeRoleWithWebIdentityResponse>");
}

constexpr char kSecretAndToken[] =
    "<SessionToken>a+/=</SessionToken><SecretAccessKey>s</SecretAccessKey>";
constexpr char kId[] = "<AccessKeyId>ASIA1</AccessKeyId>";

TEST(StsAnswer, KeysAndTheirEndAreRead) {
  for (const char* end : {"2026-11-28T17:00:00Z", "2026-11-28T17:00:00.000Z"}) {
    ASSERT_OK_AND_ASSIGN(const TemporaryCredentials found,
                         ParseCredentials(AnswerWith(
                             StrCat(kSecretAndToken, "<Expiration>", end, "</Expiration>", kId))));
    EXPECT_EQ(found.credentials.access_key_id, "ASIA1");
    EXPECT_EQ(found.credentials.secret_access_key, "s");
    EXPECT_EQ(found.credentials.session_token, "a+/=");
    EXPECT_EQ(found.end, absl::FromCivil(absl::CivilSecond(2026, 11, 28, 17), absl::UTCTimeZone()));
  }
}

TEST(StsAnswer, WhatHasNoKeysIsUnavailable) {
  for (const std::string& xml :
       {std::string("{}"), std::string(), std::string("<a/>"), AnswerWith(""),
        AnswerWith(StrCat(kSecretAndToken, kId)),
        AnswerWith(StrCat(kSecretAndToken, "<Expiration>soon</Expiration>", kId)),
        AnswerWith(StrCat(kSecretAndToken, "<Expiration>2026-11-28T17:00:00Z</Expiration>"))}) {
    EXPECT_THAT(ParseCredentials(xml), StatusIs(absl::StatusCode::kUnavailable)) << xml;
  }
}

absl::Status Refused(int status, const std::string& code) {
  return StsRefusal(
      {.status = status,
       .headers = {},
       .body = StrCat("<ErrorResponse><Error><Code>", code, "</Code></Error></ErrorResponse>")},
      "token");
}

TEST(StsAnswer, WhatMayPassIsUnavailable) {
  EXPECT_THAT(Refused(400, "Throttling"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Refused(400, "IDPCommunicationError"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Refused(429, "X"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Refused(500, "AccessDenied"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Refused(400, "ValidationError"), StatusIs(absl::StatusCode::kFailedPrecondition));
  const absl::Status page = StsRefusal({.status = 403, .headers = {}, .body = "a proxy"}, "token");
  EXPECT_THAT(page, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(page.ToString(), HasSubstr("refused the role: status 403"));
}

}  // namespace
}  // namespace kasbah::aws::internal
