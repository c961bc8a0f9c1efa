#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/http/aws_signature.h"

namespace kasbah::aws {

// From a file in the form of ~/.aws/credentials (profile "default", mode 0600), or from the
// environment (AWS_ACCESS_KEY_ID and so on) when `file` is empty. FAILED_PRECONDITION saying what
// is missing.
absl::StatusOr<http::AwsCredentials> ReadCredentials(const std::string& file);

}  // namespace kasbah::aws
