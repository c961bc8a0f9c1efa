#pragma once

#include <memory>

#include "libs/aws/s3.h"
#include "services/vault/domain/share_store.h"

namespace kasbah::vault {

// Shares as objects, <tenant>/<id>; one that is destroyed is erased with all its versions and
// replaced by <id>.destroyed. A bucket whose objects are locked refuses that, and Destroy says so.
class S3ShareStore final : public ShareStore {
 public:
  explicit S3ShareStore(std::unique_ptr<aws::S3Bucket> bucket) : bucket_(std::move(bucket)) {}

  std::string_view name() const override { return "s3"; }
  absl::StatusOr<crypto::SecretBytes> Make(const ShareRef& ref) override;
  absl::StatusOr<crypto::SecretBytes> Read(const ShareRef& ref) override;
  absl::Status Destroy(const ShareRef& ref) override;

 private:
  const std::unique_ptr<aws::S3Bucket> bucket_;
};

}  // namespace kasbah::vault
