#include "libs/aws/endpoint.h"

#include <utility>

#include "libs/aws/credentials.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/http/aws_signature.h"
#include "libs/http/url.h"

namespace kasbah::aws {
namespace {

constexpr int kMaxConnections = 8;

bool IsLoopback(const std::string& host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

}  // namespace

Endpoint::Endpoint(EndpointOptions options, std::unique_ptr<http::Client> client,
                   const Clock& clock)
    : options_(std::move(options)), client_(std::move(client)), clock_(clock) {}

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Create(EndpointOptions options,
                                                           const Clock& clock) {
  ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(options.url, {.allow_http = true}));
  if (url.scheme != "https" && !IsLoopback(url.host)) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat("the endpoint ", options.url, " must be https")));
  }
  while (options.url.ends_with('/')) options.url.pop_back();
  http::ClientOptions client_options;
  ASSIGN_OR_RETURN(client_options.guard, http::AddressGuard::Create({"0.0.0.0/0", "::/0"}));
  client_options.allow_http = url.scheme == "http";
  client_options.max_connections = kMaxConnections;
  ASSIGN_OR_RETURN(std::unique_ptr<http::Client> client,
                   http::Client::Create(std::move(client_options)));
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(options), std::move(client), clock));
}

absl::StatusOr<http::ClientResponse> Endpoint::Call(http::ClientRequest request) {
  ASSIGN_OR_RETURN(const http::AwsCredentials credentials,
                   ReadCredentials(options_.credentials_file));
  request.url = StrCat(options_.url, request.url);
  request.timeout = options_.timeout;
  RETURN_IF_ERROR(
      http::SignForAws(credentials, options_.region, options_.service, clock_.Now(), &request));
  absl::StatusOr<http::ClientResponse> response = client_->SendAndWait(std::move(request));
  if (!response.ok()) {
    return absl::UnavailableError(ToAbsl(StrCat(options_.url, ": ", ReasonOf(response.status()))));
  }
  return response;
}

}  // namespace kasbah::aws
