#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/aws/endpoint.h"
#include <nlohmann/json_fwd.hpp>

namespace kasbah::aws {

struct KmsOptions {
  // "eu-central-1".
  std::string region;
  // Instead of the region's own: an interface endpoint, or a server of a test's.
  std::string endpoint;
  // As for CredentialSource.
  std::string credentials_file;
};

// AWS KMS by its JSON protocol. Errors read "AWS KMS: DisabledException: …": NOT_FOUND for a key
// that is not there, FAILED_PRECONDITION for one that is disabled or going to be deleted,
// PERMISSION_DENIED where the key's policy refuses, UNAVAILABLE when KMS does not answer or asks
// for patience, INVALID_ARGUMENT for anything else. Thread safe.
class Kms {
 public:
  static absl::StatusOr<std::unique_ptr<Kms>> Create(const KmsOptions& options, const Clock& clock);

  // "Encrypt", "GenerateMac". Whatever is secret in `request` and the answer's text is wiped.
  absl::StatusOr<nlohmann::json> Call(std::string_view action, nlohmann::json request);

 private:
  explicit Kms(std::unique_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  const std::unique_ptr<Endpoint> endpoint_;
};

// Bytes from a base64 member of an answer; INVALID_ARGUMENT without one.
absl::StatusOr<std::string> BytesOf(nlohmann::json& answer, const char* member);

// The exception in an error of Kms: "KMSInvalidStateException".
std::string ExceptionOf(const absl::Status& status);

}  // namespace kasbah::aws
