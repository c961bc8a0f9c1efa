#include "libs/aws/web_identity.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "libs/aws/client.h"
#include "libs/aws/s3_answer.h"
#include "libs/base/error.h"
#include "libs/base/small_file.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_bytes.h"
#include "libs/telemetry/log.h"

namespace kasbah::aws {
namespace {

using internal::Escaped;
using internal::TemporaryCredentials;

constexpr size_t kLargestToken = 64 << 10;
constexpr size_t kLargestAnswer = 64 << 10;
// Before their end: a call that is signed now may arrive late.
constexpr absl::Duration kMargin = absl::Minutes(5);
// Between attempts while the old keys hold, so that calls do not wait for STS one after another.
constexpr absl::Duration kPause = absl::Seconds(30);

bool IsRegion(const std::string& region) {
  return !region.empty() &&
         region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

// STS takes 64 letters, digits and few signs, of which host names have "." and "-".
std::string SessionName() {
  constexpr size_t kLongest = 64;
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  std::string name = "kasbah-";
  for (const char c : std::string_view(host)) {
    const bool is_allowed =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
    if (is_allowed && name.size() < kLongest) name.push_back(c);
  }
  return name;
}

absl::StatusOr<std::string> ReadToken(const std::string& file) {
  const auto problem = [&file](std::string_view what) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat("AWS: AWS_WEB_IDENTITY_TOKEN_FILE: file ", file, ": ", what)));
  };
  absl::StatusOr<std::string> token = ReadSmallFile(file, kLargestToken);
  if (!token.ok()) return problem(FromAbsl(token.status().message()));
  if (token->empty()) return problem("is empty");
  return token;
}

}  // namespace

WebIdentity::WebIdentity(WebIdentityOptions options, std::unique_ptr<http::Client> client,
                         const Clock& clock)
    : options_(std::move(options)),
      client_(std::move(client)),
      clock_(clock),
      session_name_(SessionName()) {}

absl::StatusOr<std::unique_ptr<WebIdentity>> WebIdentity::Create(const WebIdentityOptions& options,
                                                                 const Clock& clock) {
  WebIdentityOptions own = options;
  if (own.endpoint.empty()) {
    // The token goes to this host: nothing else may become part of its name.
    if (!IsRegion(own.region)) {
      return absl::FailedPreconditionError(
          ToAbsl(StrCat("AWS: STS: \"", own.region, "\" is no region; set AWS_REGION")));
    }
    own.endpoint = StrCat("https://sts.", own.region, ".amazonaws.com");
  }
  while (own.endpoint.ends_with('/')) own.endpoint.pop_back();
  absl::StatusOr<std::unique_ptr<http::Client>> client = ClientFor(own.endpoint);
  if (!client.ok()) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat("AWS: AWS_ENDPOINT_URL_STS: ", FromAbsl(client.status().message()))));
  }
  return std::unique_ptr<WebIdentity>(new WebIdentity(std::move(own), *std::move(client), clock));
}

absl::StatusOr<http::AwsCredentials> WebIdentity::Get() {
  {
    const absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    if (now < ask_at_) return kept_.credentials;
    if (asking_) {
      if (now >= kept_.end) {
        const auto answered = [](bool* asking) { return !*asking; };
        mutex_.Await(absl::Condition(+answered, &asking_));
      }
      return Kept();
    }
    asking_ = true;
  }
  absl::StatusOr<TemporaryCredentials> answer = Exchange();
  const absl::MutexLock lock(&mutex_);
  asking_ = false;
  Keep(std::move(answer));
  return Kept();
}

absl::StatusOr<TemporaryCredentials> WebIdentity::Exchange() {
  ASSIGN_OR_RETURN(std::string token, ReadToken(options_.token_file));
  absl::StatusOr<http::ClientResponse> response = client_->SendAndWait(
      {.method = "POST",
       .url = StrCat(options_.endpoint, "/"),
       .headers = {{"content-type", "application/x-www-form-urlencoded"}},
       .body = StrCat("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=",
                      Escaped(options_.role_arn), "&RoleSessionName=", Escaped(session_name_),
                      "&WebIdentityToken=", Escaped(token)),
       .timeout = options_.timeout,
       .max_response_bytes = kLargestAnswer});
  if (!response.ok()) {
    crypto::Wipe(token);
    return absl::UnavailableError(ToAbsl(StrCat("AWS: STS does not answer: ", options_.endpoint,
                                                ": ", ReasonOf(response.status()))));
  }
  absl::StatusOr<TemporaryCredentials> answer = response->status == 200
                                                    ? internal::ParseCredentials(response->body)
                                                    : internal::StsRefusal(*response, token);
  crypto::Wipe(token);
  crypto::Wipe(response->body);
  if (answer.ok() && answer->end <= clock_.Now()) {
    return absl::FailedPreconditionError(
        "AWS: STS: keys that have ended already; set this machine's clock");
  }
  return answer;
}

void WebIdentity::Keep(absl::StatusOr<TemporaryCredentials> answer) {
  const absl::Time now = clock_.Now();
  if (answer.ok()) {
    kept_ = *std::move(answer);
    problem_ = absl::UnavailableError("AWS: STS: the keys have ended");
    ask_at_ = std::max(kept_.end - kMargin, std::min(now + kPause, kept_.end));
    return;
  }
  problem_ = std::move(answer).status();
  ask_at_ = std::min(now + kPause, kept_.end);
  if (now < kept_.end) {
    telemetry::LogWarning("STS gives no new keys; the old ones are used until they end",
                          {{"problem", FromAbsl(problem_.message())},
                           {"seconds_left", absl::ToInt64Seconds(kept_.end - now)}});
  }
}

absl::StatusOr<http::AwsCredentials> WebIdentity::Kept() const {
  if (clock_.Now() < kept_.end) return kept_.credentials;
  return problem_;
}

}  // namespace kasbah::aws
