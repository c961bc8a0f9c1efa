#include "libs/objects/bucket_store.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::objects {
namespace {

absl::Status Unavailable(const absl::Status& status) {
  return status.ok() ? status : StoreUnavailable(FromAbsl(status.message()));
}

class BucketWriter final : public ObjectWriter {
 public:
  BucketWriter(aws::S3Bucket& bucket, std::string key, size_t part_bytes)
      : bucket_(bucket), key_(std::move(key)), part_bytes_(part_bytes) {}
  ~BucketWriter() override {
    // What fails here is left to Delete.
    if (!upload_.empty()) bucket_.AbortUploads(key_).IgnoreError();
  }

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (part_.size() == part_bytes_) RETURN_IF_ERROR(PutPart());
      const size_t taken = std::min(bytes.size(), part_bytes_ - part_.size());
      part_ += bytes.substr(0, taken);
      bytes.remove_prefix(taken);
    }
    return absl::OkStatus();
  }

  absl::Status Commit() override {
    if (upload_.empty()) return Unavailable(bucket_.Put(key_, std::move(part_)));
    if (!part_.empty()) RETURN_IF_ERROR(PutPart());
    RETURN_IF_ERROR(Unavailable(bucket_.CompleteUpload(key_, upload_, tags_)));
    upload_.clear();
    return absl::OkStatus();
  }

 private:
  absl::Status PutPart() {
    if (upload_.empty()) {
      absl::StatusOr<std::string> upload = bucket_.BeginUpload(key_);
      if (!upload.ok()) return Unavailable(upload.status());
      upload_ = *std::move(upload);
    }
    const int number = static_cast<int>(tags_.size()) + 1;
    absl::StatusOr<std::string> tag =
        bucket_.PutPart(key_, upload_, number, std::exchange(part_, {}));
    if (!tag.ok()) return Unavailable(tag.status());
    tags_.push_back(*std::move(tag));
    return absl::OkStatus();
  }

  aws::S3Bucket& bucket_;
  const std::string key_;
  const size_t part_bytes_;
  std::string part_;
  // Begun when there is more than a part.
  std::string upload_;
  std::vector<std::string> tags_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ObjectWriter>> BucketStore::Write(const ObjectKey& key) {
  return std::make_unique<BucketWriter>(*bucket_, key.ToString(), part_bytes_);
}

absl::StatusOr<std::string> BucketStore::Read(const ObjectKey& key, int64_t offset, size_t size) {
  absl::StatusOr<std::optional<std::string>> bytes =
      bucket_->GetRange(key.ToString(), offset, size);
  if (!bytes.ok()) return Unavailable(bytes.status());
  if (!bytes->has_value()) return NotFound("file");
  return **std::move(bytes);
}

absl::Status BucketStore::Delete(const ObjectKey& key) {
  RETURN_IF_ERROR(Unavailable(bucket_->AbortUploads(key.ToString())));
  return Unavailable(bucket_->Erase(key.ToString()));
}

absl::StatusOr<std::vector<FileId>> BucketStore::List(TenantId tenant, FileId after, int limit) {
  const std::string prefix = PrefixOf(tenant);
  std::string last = after.is_nil() ? "" : ObjectKey{tenant, after}.ToString();
  std::vector<FileId> files;
  while (static_cast<int>(files.size()) < limit) {
    const int left = limit - static_cast<int>(files.size());
    absl::StatusOr<std::vector<std::string>> keys =
        bucket_->List(prefix, last, std::min(left, 1000));
    if (!keys.ok()) return Unavailable(keys.status());
    if (keys->empty()) break;
    last = keys->back();
    // What is not an id of ours is not ours.
    for (const std::string& key : *keys) {
      const absl::StatusOr<FileId> file = FileId::Parse(key.substr(prefix.size()));
      if (file.ok()) files.push_back(*file);
    }
  }
  return files;
}

}  // namespace kasbah::objects
