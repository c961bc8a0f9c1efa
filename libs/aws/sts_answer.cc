#include "libs/aws/sts_answer.h"

#include <set>

#include "absl/strings/str_replace.h"
#include "libs/aws/s3_answer.h"
#include "libs/base/strings.h"

namespace kasbah::aws::internal {

using boost::property_tree::ptree;

namespace {

bool MayPass(int status, const std::string& code) {
  static const auto* const codes =
      new std::set<std::string>{"IDPCommunicationError", "IDPCommunicationErrorException",
                                "RequestLimitExceeded", "Throttling", "ThrottlingException"};
  return status >= 500 || status == 429 || codes->contains(code);
}

// The operator reads this first where a service account and its role do not fit.
std::string_view AdviceOn(std::string_view code) {
  if (code.starts_with("AccessDenied")) {
    return " (the trust policy of AWS_ROLE_ARN must name this cluster's issuer and this service "
           "account)";
  }
  if (code.starts_with("InvalidIdentityToken") || code.starts_with("ExpiredToken") ||
      code.starts_with("IDPRejectedClaim")) {
    return " (AWS_WEB_IDENTITY_TOKEN_FILE must hold a token that has not ended, from an issuer "
           "that "
           "IAM has as a provider)";
  }
  return "";
}

}  // namespace

// <AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>…
absl::StatusOr<TemporaryCredentials> ParseCredentials(const std::string& xml) {
  const absl::StatusOr<ptree> answer = ParseXml(xml);
  const auto keys = answer.ok() ? answer->get_child_optional(
                                      "AssumeRoleWithWebIdentityResponse."
                                      "AssumeRoleWithWebIdentityResult.Credentials")
                                : boost::none;
  TemporaryCredentials parsed;
  std::string end;
  if (keys) {
    parsed.credentials = {.access_key_id = keys->get("AccessKeyId", ""),
                          .secret_access_key = keys->get("SecretAccessKey", ""),
                          .session_token = keys->get("SessionToken", "")};
    end = keys->get("Expiration", "");
  }
  const http::AwsCredentials& found = parsed.credentials;
  if (found.access_key_id.empty() || found.secret_access_key.empty() ||
      found.session_token.empty() ||
      !absl::ParseTime(absl::RFC3339_full, end, &parsed.end, nullptr)) {
    return absl::UnavailableError("AWS: STS: an answer without keys");
  }
  return parsed;
}

// <ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>…</Message></Error>
absl::Status StsRefusal(const http::ClientResponse& response, std::string_view token) {
  std::string code = StrCat("status ", response.status);
  std::string message;
  if (const absl::StatusOr<ptree> xml = ParseXml(response.body); xml.ok()) {
    code = xml->get("ErrorResponse.Error.Code", code);
    message = xml->get("ErrorResponse.Error.Message", "");
  }
  const bool may_pass = MayPass(response.status, code);
  const std::string text =
      StrCat(may_pass ? "AWS: STS does not answer: " : "AWS: STS refused the role: ", code,
             message.empty() ? "" : ": ", message, AdviceOn(code));
  return {may_pass ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition,
          absl::StrReplaceAll(text, {{ToAbsl(token), "…"}})};
}

}  // namespace kasbah::aws::internal
