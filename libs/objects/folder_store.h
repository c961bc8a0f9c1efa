#pragma once

#include "libs/objects/object_store.h"

namespace kasbah::objects {

// A folder of one machine, or one that all replicas mount. An object is written beside its place
// and moved there once it is on disk; files have mode 0600 and folders 0700. Every step of a path
// is opened from the one before and never through a symbolic link, so that none that somebody
// plants leads out.
class FolderStore final : public ObjectStore {
 public:
  // The folder is made when it is not there. FAILED_PRECONDITION for one that is none, is another
  // user's, or that others may write to.
  static absl::StatusOr<std::unique_ptr<FolderStore>> Create(const std::string& directory);
  ~FolderStore() override;

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Write(const ObjectKey& key) override;
  absl::StatusOr<std::string> Read(const ObjectKey& key, int64_t offset, size_t size) override;
  absl::Status Delete(const ObjectKey& key) override;
  absl::StatusOr<std::vector<FileId>> List(TenantId tenant, FileId after, int limit) override;

 private:
  explicit FolderStore(int root) : root_(root) {}
  const int root_;
};

}  // namespace kasbah::objects
