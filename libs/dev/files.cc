#include "libs/dev/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::dev {
namespace {

std::string_view Advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return " (free some space and start again; nothing was lost)";
    case EACCES:
    case EPERM:
      return " (does the directory belong to another user?)";
    case EROFS:
      return " (choose another place with --directory)";
    default:
      return "";
  }
}

absl::Status WriteAll(int file, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t written = write(file, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path, errno);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file) != 0) return FileError("write", path, errno);
  return absl::OkStatus();
}

}  // namespace

absl::Status FileError(std::string_view what, const std::string& path, int error) {
  return absl::FailedPreconditionError(
      StrCat("cannot ", what, " ", path, ": ", std::strerror(error), Advice(error)));
}

absl::Status WriteFile(const std::string& path, std::string_view contents, mode_t mode) {
  const std::string temporary = StrCat(path, ".new");
  unlink(temporary.c_str());
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return FileError("write", path, errno);
  absl::Status status = WriteAll(file, contents, path);
  if (close(file) != 0 && status.ok()) status = FileError("write", path, errno);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = FileError("write", path, errno);
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return FileError("read", path, errno);
  std::string contents;
  char buffer[65536];
  while (true) {
    const ssize_t size = read(file, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const int error = errno;
      close(file);
      return FileError("read", path, error);
    }
    if (size == 0) break;
    contents.append(buffer, static_cast<size_t>(size));
  }
  close(file);
  return contents;
}

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return FileError("make the directory", path, error.value());
  if (chmod(path.c_str(), mode) != 0) return FileError("set the mode of", path, errno);
  return absl::OkStatus();
}

}  // namespace kasbah::dev
