#pragma once

#include <memory>
#include <string>

#include "libs/aws/kms.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

struct AwsKmsOptions {
  // ARN, id or alias of a symmetric key.
  std::string key_id;
  aws::KmsOptions kms;
};

// A seal that is a key in AWS KMS: the root key is wrapped by Encrypt and opened by Decrypt, its id
// and version in the encryption context, so that CloudTrail shows which.
class AwsKmsSeal : public Seal {
 public:
  static absl::StatusOr<std::unique_ptr<AwsKmsSeal>> Create(AwsKmsOptions options,
                                                            const Clock& clock);

  std::string_view name() const override { return "aws_kms"; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef& ref, const crypto::SecretBytes& root) override;
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef& ref,
                                             std::string_view wrapped) override;

 private:
  AwsKmsSeal(std::string key_id, std::unique_ptr<aws::Kms> kms)
      : key_id_(std::move(key_id)), kms_(std::move(kms)) {}

  const std::string key_id_;
  const std::unique_ptr<aws::Kms> kms_;
};

}  // namespace kasbah::vault
