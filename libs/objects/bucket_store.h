#pragma once

#include "libs/aws/s3.h"
#include "libs/objects/object_store.h"

namespace kasbah::objects {

// A bucket of S3 or of what speaks like it. Objects up to one part are put whole, larger ones in
// parts, one part in memory at a time.
class BucketStore final : public ObjectStore {
 public:
  // S3 wants parts of at least 5 MiB.
  static constexpr size_t kPartBytes = size_t{8} << 20;

  explicit BucketStore(std::unique_ptr<aws::S3Bucket> bucket, size_t part_bytes = kPartBytes)
      : bucket_(std::move(bucket)), part_bytes_(part_bytes) {}

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Write(const ObjectKey& key) override;
  absl::StatusOr<std::string> Read(const ObjectKey& key, int64_t offset, size_t size) override;
  absl::Status Delete(const ObjectKey& key) override;
  absl::StatusOr<std::vector<FileId>> List(TenantId tenant, FileId after, int limit) override;

 private:
  const std::unique_ptr<aws::S3Bucket> bucket_;
  const size_t part_bytes_;
};

}  // namespace kasbah::objects
