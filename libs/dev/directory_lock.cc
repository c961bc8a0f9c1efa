#include "libs/dev/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::dev {
namespace {

// Whoever asks who holds the lock holds it, shared, for a moment.
bool LockExclusively(int file) {
  const absl::Time deadline = absl::Now() + absl::Milliseconds(300);
  while (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || absl::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

pid_t PidIn(int file) {
  char text[32] = {};
  const ssize_t size = pread(file, text, sizeof(text) - 1, 0);
  int pid = 0;
  if (size <= 0 ||
      !absl::SimpleAtoi(absl::StripSuffix(std::string(text, static_cast<size_t>(size)), "\n"),
                        &pid)) {
    return 0;
  }
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return FileError("open", path, errno);
  if (!LockExclusively(file)) {
    const int error = errno;
    const pid_t holder = PidIn(file);
    close(file);
    if (error != EWOULDBLOCK) return FileError("lock", path, error);
    const std::string directory = std::filesystem::path(path).parent_path().string();
    return absl::FailedPreconditionError(StrCat("process ", holder, " already runs in ", directory,
                                                "; end it with: kasbah dev down --directory '",
                                                directory, "'"));
  }
  const std::string pid = StrCat(getpid(), "\n");
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int error = errno;
    close(file);
    return FileError("write", path, error);
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(file));
}

std::optional<pid_t> DirectoryLock::Holder(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::optional<pid_t> holder;
  if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) holder = PidIn(file);
  close(file);
  return holder;
}

bool DirectoryLock::WaitUntilFree(const std::string& path, absl::Time deadline) {
  while (Holder(path).has_value()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(50));
  }
  return true;
}

DirectoryLock::~DirectoryLock() { close(file_); }

}  // namespace kasbah::dev
