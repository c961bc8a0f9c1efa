#include "libs/aws/credentials.h"

#include <cstdlib>
#include <map>

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

}  // namespace

absl::StatusOr<http::AwsCredentials> ReadCredentials(const std::string& file) {
  http::AwsCredentials credentials;
  if (file.empty()) {
    credentials = {FromEnvironment("AWS_ACCESS_KEY_ID"), FromEnvironment("AWS_SECRET_ACCESS_KEY"),
                   FromEnvironment("AWS_SESSION_TOKEN")};
  } else {
    ASSIGN_OR_RETURN(const crypto::SecretBytes text, crypto::ReadSecretFile(file));
    std::map<std::string, std::string> settings =
        DefaultProfile(text.view(crypto::SecretAccess::ForSeal()));
    credentials = {settings["aws_access_key_id"], settings["aws_secret_access_key"],
                   settings["aws_session_token"]};
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::FailedPreconditionError(
        file.empty() ? "AWS: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"
                     : ToAbsl(StrCat("AWS: file ", file,
                                     ": has no aws_access_key_id and aws_secret_access_key of "
                                     "[default]")));
  }
  return credentials;
}

}  // namespace kasbah::aws
