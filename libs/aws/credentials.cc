#include "libs/aws/credentials.h"

#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_file.h"

namespace kasbah::aws {
namespace {

std::string FromEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The settings of [default].
std::map<std::string, std::string> DefaultProfile(std::string_view text) {
  std::map<std::string, std::string> settings;
  bool is_default = false;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      is_default = line == "[default]";
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> setting =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (!is_default) continue;
    settings[std::string(absl::StripAsciiWhitespace(setting.first))] =
        std::string(absl::StripAsciiWhitespace(setting.second));
  }
  return settings;
}

absl::StatusOr<http::AwsCredentials> ReadFile(const std::string& file) {
  ASSIGN_OR_RETURN(const crypto::SecretBytes text, crypto::ReadSecretFile(file));
  std::map<std::string, std::string> settings =
      DefaultProfile(text.view(crypto::SecretAccess::ForSeal()));
  http::AwsCredentials credentials = {settings["aws_access_key_id"],
                                      settings["aws_secret_access_key"],
                                      settings["aws_session_token"]};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::FailedPreconditionError(ToAbsl(StrCat(
        "AWS: file ", file, ": has no aws_access_key_id and aws_secret_access_key of [default]")));
  }
  return credentials;
}

absl::StatusOr<http::AwsCredentials> ReadEnvironment() {
  http::AwsCredentials credentials = {FromEnvironment("AWS_ACCESS_KEY_ID"),
                                      FromEnvironment("AWS_SECRET_ACCESS_KEY"),
                                      FromEnvironment("AWS_SESSION_TOKEN")};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::FailedPreconditionError(
        "AWS: no credentials: set credentials_file, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN");
  }
  return credentials;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CredentialSource>> CredentialSource::Create(
    std::string file, const std::string& region, const Clock& clock) {
  WebIdentityOptions options{.token_file = FromEnvironment("AWS_WEB_IDENTITY_TOKEN_FILE"),
                             .role_arn = FromEnvironment("AWS_ROLE_ARN"),
                             .region = FromEnvironment("AWS_REGION"),
                             .endpoint = FromEnvironment("AWS_ENDPOINT_URL_STS")};
  if (options.region.empty()) options.region = region;
  std::unique_ptr<WebIdentity> role;
  if (file.empty() && FromEnvironment("AWS_ACCESS_KEY_ID").empty() && !options.token_file.empty() &&
      !options.role_arn.empty()) {
    ASSIGN_OR_RETURN(role, WebIdentity::Create(options, clock));
  }
  return std::unique_ptr<CredentialSource>(new CredentialSource(std::move(file), std::move(role)));
}

absl::StatusOr<http::AwsCredentials> CredentialSource::Get() {
  if (role_ != nullptr) return role_->Get();
  return file_.empty() ? ReadEnvironment() : ReadFile(file_);
}

}  // namespace kasbah::aws
