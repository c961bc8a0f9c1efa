#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/aws/credentials.h"
#include "libs/base/clock.h"
#include "libs/http/client.h"

namespace kasbah::aws {

struct EndpointOptions {
  // "kms", "s3": as signatures name it.
  std::string service;
  // "eu-central-1".
  std::string region;
  // Where requests go. Plain http on loopback alone.
  std::string url;
  // As for CredentialSource: may be empty.
  std::string credentials_file;
  absl::Duration timeout = absl::Seconds(5);
};

// One of AWS's services, or what speaks like it, named by the operator. Each call is signed. Thread
// safe.
class Endpoint {
 public:
  // FAILED_PRECONDITION for a URL that is none or not https.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Create(EndpointOptions options,
                                                          const Clock& clock);

  // The answer, whatever its status. UNAVAILABLE when there is none; FAILED_PRECONDITION without
  // credentials. `request.url` is a path and query below the endpoint's.
  absl::StatusOr<http::ClientResponse> Call(http::ClientRequest request);

  const EndpointOptions& options() const { return options_; }

 private:
  Endpoint(EndpointOptions options, std::unique_ptr<http::Client> client,
           std::unique_ptr<CredentialSource> credentials, const Clock& clock);

  const EndpointOptions options_;
  const std::unique_ptr<http::Client> client_;
  const std::unique_ptr<CredentialSource> credentials_;
  const Clock& clock_;
};

}  // namespace kasbah::aws
