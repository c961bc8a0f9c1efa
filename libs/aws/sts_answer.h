#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/aws_signature.h"
#include "libs/http/client.h"

namespace kasbah::aws::internal {

struct TemporaryCredentials {
  http::AwsCredentials credentials;
  absl::Time end = absl::InfinitePast();
};

// Of an answer to AssumeRoleWithWebIdentity. UNAVAILABLE for what has no keys in it.
absl::StatusOr<TemporaryCredentials> ParseCredentials(const std::string& xml);

// Of one that gives none: "AWS: STS refused the role: AccessDenied: …" and what to do.
// FAILED_PRECONDITION; UNAVAILABLE where asking again may help. Where STS quotes `token`, it is
// left out.
absl::Status StsRefusal(const http::ClientResponse& response, std::string_view token);

}  // namespace kasbah::aws::internal
