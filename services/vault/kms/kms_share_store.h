#pragma once

#include <memory>
#include <string>

#include "libs/aws/kms.h"
#include "services/vault/domain/share_store.h"

namespace kasbah::vault {

// A key of AWS KMS for each share, which never leaves it: the share is what the key (HMAC_256)
// makes of a fixed text. Destroying schedules the key's deletion with the shortest delay that KMS
// has, seven days; from the first moment it computes nothing, and for these days whoever
// administers KMS can call it off. Each key has its price.
class KmsShareStore final : public ShareStore {
 public:
  explicit KmsShareStore(std::unique_ptr<aws::Kms> kms) : kms_(std::move(kms)) {}

  std::string_view name() const override { return "aws_kms"; }
  absl::StatusOr<crypto::SecretBytes> Make(const ShareRef& ref) override;
  absl::StatusOr<crypto::SecretBytes> Read(const ShareRef& ref) override;
  absl::Status Destroy(const ShareRef& ref) override;

 private:
  const std::unique_ptr<aws::Kms> kms_;
};

}  // namespace kasbah::vault
