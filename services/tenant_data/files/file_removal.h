#pragma once

#include "services/tenant_data/files/file_uploads.h"

namespace kasbah::tenantdata {

// The end of files: the row goes dark first, with the key, then the object goes, then the row. What
// a crash, or a store that is away, leaves undone is taken up again a minute later. Thread safe.
class FileRemoval {
 public:
  explicit FileRemoval(const FileParts& parts) : parts_(parts) {}

  // Nobody sees it from here on. NOT_FOUND; FAILED_PRECONDITION, FILE_IN_USE, with the first
  // records that name it.
  absl::Status Delete(const CallContext& call, FileId id);
  // Every file of the tenant, whatever its state, and whatever lies below its prefix. How many
  // files there were.
  absl::StatusOr<int64_t> EraseTenant(const CallContext& call);

  // What is due in any tenant: uploads that nobody finishes, archives that are old enough, and what
  // is left of deleted files.
  // Returns how many were looked at; fails with the first failure, after trying all.
  absl::StatusOr<int> RunOnce(postgres::Door& upkeep);

 private:
  absl::Status Remove(const DueFile& due);
  absl::Status GiveUp(const CallContext& call, FileId id);
  absl::Status Expire(const CallContext& call, FileId id);

  const FileParts& parts_;
};

}  // namespace kasbah::tenantdata
