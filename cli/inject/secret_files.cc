#include "cli/inject/secret_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

absl::Status Problem(const std::string& path) {
  return absl::FailedPreconditionError(ToAbsl(StrCat(path, ": ", std::strerror(errno))));
}

}  // namespace

absl::StatusOr<SecretFiles> SecretFiles::Make() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  for (const std::string& parent :
       {std::string(runtime == nullptr ? "" : runtime), std::string("/dev/shm")}) {
    struct statfs system {};
    if (parent.empty() || statfs(parent.c_str(), &system) != 0 || system.f_type != TMPFS_MAGIC) {
      continue;
    }
    std::string directory = parent + "/kasbah-run-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return Problem(directory);
    return SecretFiles(std::move(directory));
  }
  return absl::FailedPreconditionError(
      "no tmpfs at $XDG_RUNTIME_DIR or /dev/shm: secrets are not written to a disk; use --secret");
}

SecretFiles::~SecretFiles() {
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::StatusOr<std::string> SecretFiles::Write(const std::string& name, std::string_view bytes) {
  const std::string path = directory_ + "/" + name;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
  if (file < 0) return Problem(path);
  const ssize_t written = write(file, bytes.data(), bytes.size());
  close(file);
  if (written != static_cast<ssize_t>(bytes.size())) return Problem(path);
  return path;
}

}  // namespace kasbah::cli
