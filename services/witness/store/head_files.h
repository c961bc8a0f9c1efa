#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "services/witness/domain/head_store.h"

namespace kasbah::witness {

// Heads as files of one directory, a file for each log, in the form of a checkpoint's text. A file
// is written beside its place, synced and moved there, and the directory synced, so that a crash
// leaves the old head or the new one. The directory belongs to one process at a time. Thread safe.
class HeadFiles final : public HeadStore {
 public:
  // Makes the directory for a witness that is new. ALREADY_EXISTS when it is one already.
  static absl::Status Make(const std::string& directory);
  // FAILED_PRECONDITION for a directory that Make did not make, so that a volume that was not
  // mounted is not taken for a witness that has seen nothing; for one that another process holds.
  static absl::StatusOr<std::unique_ptr<HeadFiles>> Open(const std::string& directory);
  ~HeadFiles() override;

  // DATA_LOSS for a file that is no head.
  absl::StatusOr<std::optional<CosignedHead>> Find(const std::string& origin) override;
  // FAILED_PRECONDITION for a head smaller than the stored one.
  absl::Status Save(const std::string& origin, const CosignedHead& head) override;

 private:
  HeadFiles(std::string directory, int directory_fd, int lock_fd)
      : directory_(std::move(directory)), directory_fd_(directory_fd), lock_fd_(lock_fd) {}
  absl::StatusOr<std::optional<CosignedHead>> Read(const std::string& origin);

  const std::string directory_;
  const int directory_fd_;
  const int lock_fd_;
  absl::Mutex mutex_;
  std::map<std::string, CosignedHead> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::witness
