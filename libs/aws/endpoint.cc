#include "libs/aws/endpoint.h"

#include <utility>

#include "libs/aws/client.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/http/aws_signature.h"

namespace kasbah::aws {

Endpoint::Endpoint(EndpointOptions options, std::unique_ptr<http::Client> client,
                   std::unique_ptr<CredentialSource> credentials, const Clock& clock)
    : options_(std::move(options)),
      client_(std::move(client)),
      credentials_(std::move(credentials)),
      clock_(clock) {}

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Create(EndpointOptions options,
                                                           const Clock& clock) {
  ASSIGN_OR_RETURN(std::unique_ptr<http::Client> client, ClientFor(options.url));
  ASSIGN_OR_RETURN(std::unique_ptr<CredentialSource> credentials,
                   CredentialSource::Create(options.credentials_file, options.region, clock));
  while (options.url.ends_with('/')) options.url.pop_back();
  return std::unique_ptr<Endpoint>(
      new Endpoint(std::move(options), std::move(client), std::move(credentials), clock));
}

absl::StatusOr<http::ClientResponse> Endpoint::Call(http::ClientRequest request) {
  ASSIGN_OR_RETURN(const http::AwsCredentials credentials, credentials_->Get());
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
