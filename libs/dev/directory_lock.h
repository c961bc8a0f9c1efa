#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::dev {

// One supervisor a directory. The kernel releases the lock when its holder ends, however it ends,
// so a stale one does not exist; the pid in the file is true while the lock is held.
class DirectoryLock {
 public:
  // FAILED_PRECONDITION, naming the process that holds it and how to end it.
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(const std::string& path);
  // Who holds it now.
  static std::optional<pid_t> Holder(const std::string& path);
  // True once nobody holds it; false at the deadline.
  static bool WaitUntilFree(const std::string& path, absl::Time deadline);

  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
};

}  // namespace kasbah::dev
