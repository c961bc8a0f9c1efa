#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/aws/web_identity.h"
#include "libs/base/clock.h"
#include "libs/http/aws_signature.h"

namespace kasbah::aws {

// What calls are signed with, from the first of these that there is: a file in the form of
// ~/.aws/credentials (profile "default", mode 0600); the environment's AWS_ACCESS_KEY_ID and so on;
// the role AWS_ROLE_ARN for the token in AWS_WEB_IDENTITY_TOKEN_FILE, from STS in AWS_REGION or at
// AWS_ENDPOINT_URL_STS. Thread safe.
class CredentialSource {
 public:
  // `file` may be empty; `region` is where STS is asked without AWS_REGION. FAILED_PRECONDITION for
  // an endpoint of STS that cannot be.
  static absl::StatusOr<std::unique_ptr<CredentialSource>> Create(std::string file,
                                                                  const std::string& region,
                                                                  const Clock& clock);

  // Read at each call, so that they can be replaced; but for a role's, as WebIdentity says.
  // FAILED_PRECONDITION saying what is missing.
  absl::StatusOr<http::AwsCredentials> Get();

 private:
  CredentialSource(std::string file, std::unique_ptr<WebIdentity> role)
      : file_(std::move(file)), role_(std::move(role)) {}

  const std::string file_;
  // Null where there is a file or a key in the environment, or no role.
  const std::unique_ptr<WebIdentity> role_;
};

}  // namespace kasbah::aws
