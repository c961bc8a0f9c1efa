#pragma once

#include <memory>
#include <string>

#include "services/vault/domain/share_store.h"

namespace kasbah::vault {

// Shares as files, <directory>/<tenant>/<id>, mode 0600. One that is destroyed is overwritten,
// removed, and replaced by an empty <id>.destroyed. Several replicas need one directory between
// them. Overwriting is best effort: a file system that copies on write, snapshots, and a disk's own
// spare blocks may keep the old bytes, so the directory belongs on a volume that is encrypted and
// is in no backup that is kept longer than a destroyed share may live.
class FileShareStore final : public ShareStore {
 public:
  // FAILED_PRECONDITION when the directory is not there, is not this user's or lets others in.
  static absl::StatusOr<std::unique_ptr<FileShareStore>> Create(const std::string& directory);

  std::string_view name() const override { return "file"; }
  absl::StatusOr<crypto::SecretBytes> Make(const ShareRef& ref) override;
  absl::StatusOr<crypto::SecretBytes> Read(const ShareRef& ref) override;
  absl::Status Destroy(const ShareRef& ref) override;

 private:
  explicit FileShareStore(std::string directory) : directory_(std::move(directory)) {}
  std::string DirectoryOf(const ShareRef& ref) const;
  std::string PathOf(const ShareRef& ref) const;
  std::string MarkOf(const ShareRef& ref) const;

  const std::string directory_;
};

}  // namespace kasbah::vault
