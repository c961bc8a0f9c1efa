#pragma once

#include <memory>
#include <string>

#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

struct AwsKmsOptions {
  // ARN, id or alias of a symmetric key.
  std::string key_id;
  // "eu-central-1".
  std::string region;
  // Instead of the region's own: an interface endpoint, or a server of a test's. Plain http on
  // loopback alone.
  std::string endpoint;
  // In the form of ~/.aws/credentials, profile "default", mode 0600; empty: from AWS_ACCESS_KEY_ID,
  // AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Read at each use, so that it can be replaced.
  std::string credentials_file;
};

// A seal that is a key in AWS KMS: the root key is wrapped by Encrypt and opened by Decrypt, its id
// and version in the encryption context, so that CloudTrail shows which. Each call gets 5 seconds.
class AwsKmsSeal : public Seal {
 public:
  static absl::StatusOr<std::unique_ptr<AwsKmsSeal>> Create(AwsKmsOptions options,
                                                            const Clock& clock);

  std::string_view name() const override { return "aws_kms"; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef& ref, const crypto::SecretBytes& root) override;
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef& ref,
                                             std::string_view wrapped) override;

 private:
  AwsKmsSeal(AwsKmsOptions options, std::unique_ptr<http::Client> client, const Clock& clock);
  // The answer's field, base64 as it came.
  absl::StatusOr<std::string> Ask(const std::string& action, std::string body,
                                  const std::string& field);

  const AwsKmsOptions options_;
  const std::unique_ptr<http::Client> client_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
