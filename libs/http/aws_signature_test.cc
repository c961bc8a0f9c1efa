// The examples that AWS publishes for Signature Version 4.
#include "libs/http/aws_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const AwsCredentials kExample = {.access_key_id = "AKIDEXAMPLE",
                                 .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                 .session_token = ""};
const absl::Time kThen = absl::FromUnixSeconds(1440938160);  // 20150830T123600Z

std::string Authorization(const ClientRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "authorization") return value;
  }
  return "";
}

TEST(AwsSignature, GetVanilla) {
  ClientRequest request{.url = "https://example.amazonaws.com/"};
  ASSERT_OK(SignForAws(kExample, "us-east-1", "service", kThen, &request));
  EXPECT_THAT(Authorization(request),
              HasSubstr("Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                        "SignedHeaders=host;x-amz-date, "));
  EXPECT_THAT(
      Authorization(request),
      EndsWith("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}

TEST(AwsSignature, PostStsHeaderBefore) {
  AwsCredentials temporary = kExample;
  temporary.session_token =
      "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP"
      "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT"
      "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz"
      "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
  ClientRequest request{.method = "POST", .url = "https://example.amazonaws.com/"};
  ASSERT_OK(SignForAws(temporary, "us-east-1", "service", kThen, &request));
  EXPECT_THAT(Authorization(request),
              HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token, "));
  EXPECT_THAT(
      Authorization(request),
      EndsWith("Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"));
}

TEST(AwsSignature, ListUsers) {
  ClientRequest request{
      .url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
      .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}};
  ASSERT_OK(SignForAws(kExample, "us-east-1", "iam", kThen, &request));
  EXPECT_THAT(
      Authorization(request),
      EndsWith("Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
}

TEST(AwsSignature, EverythingThatIsSentCounts) {
  const auto signature = [](const ClientRequest& given) {
    ClientRequest request = given;
    EXPECT_OK(SignForAws(kExample, "us-east-1", "kms", kThen, &request));
    return Authorization(request);
  };
  const ClientRequest request{.method = "POST",
                              .url = "https://kms.us-east-1.amazonaws.com/",
                              .headers = {{"x-amz-target", "TrentService.Encrypt"}},
                              .body = "{}"};
  ClientRequest other = request;
  EXPECT_EQ(signature(other), signature(request));
  other.body = "{ }";
  EXPECT_NE(signature(other), signature(request));
  other = request;
  other.method = "PUT";
  EXPECT_NE(signature(other), signature(request));
  other = request;
  other.url += "?a=b";
  EXPECT_NE(signature(other), signature(request));
  other = request;
  other.headers[0].second = "TrentService.Decrypt";
  EXPECT_NE(signature(other), signature(request));
  other = request;
  other.url = "https://kms.us-east-1.amazonaws.com:8443/";
  EXPECT_NE(signature(other), signature(request));
}

}  // namespace
}  // namespace kasbah::http
