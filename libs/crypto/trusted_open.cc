#include "libs/crypto/trusted_open.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "libs/base/status_macros.h"

namespace kasbah::crypto {
namespace {

// As many as the kernel follows.
constexpr int kMostLinks = 40;

bool IsOfRootOrOurs(const struct stat& info) {
  return info.st_uid == 0 || info.st_uid == geteuid();
}

// In a sticky directory others can make names, and not change ours.
bool OthersCanChange(const struct stat& directory) {
  return (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (directory.st_mode & S_ISVTX) == 0;
}

class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) {}

  absl::StatusOr<Descriptor> ToFile() {
    RETURN_IF_ERROR(Start(path_));
    while (!names_.empty()) {
      const std::string name = std::move(names_.back());
      names_.pop_back();
      Descriptor next(openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat info {};
      if (next.get() < 0 || fstat(next.get(), &info) != 0) return FileSystemProblem(path_);
      if (S_ISLNK(info.st_mode)) {
        RETURN_IF_ERROR(Follow(next, info, name));
      } else if (S_ISDIR(info.st_mode)) {
        where_ = Below(name);
        RETURN_IF_ERROR(Enter(std::move(next)));
      } else if (!names_.empty()) {
        errno = ENOTDIR;
        return FileSystemProblem(path_);
      } else {
        return Open(name);
      }
    }
    return FileProblem(path_, "not a regular file");
  }

 private:
  // From the root or where the process is, or from where the last link was.
  absl::Status Start(const std::string& path) {
    size_t end = path.size();
    while (end > 0) {
      const size_t slash = path.rfind('/', end - 1);
      const size_t begin = slash == std::string::npos ? 0 : slash + 1;
      if (begin < end) names_.push_back(path.substr(begin, end - begin));
      end = slash == std::string::npos ? 0 : slash;
    }
    const bool is_absolute = path.starts_with('/');
    if (!is_absolute && at_.get() >= 0) return absl::OkStatus();
    where_ = is_absolute ? "/" : ".";
    return Enter(Descriptor(open(where_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
  }

  absl::Status Enter(Descriptor directory) {
    struct stat info {};
    if (directory.get() < 0 || fstat(directory.get(), &info) != 0) return FileSystemProblem(path_);
    at_ = std::move(directory);
    if (!changeable_.empty()) return absl::OkStatus();
    if (!IsOfRootOrOurs(info)) {
      changeable_ = where_ + " belongs to another user";
    } else if (OthersCanChange(info)) {
      changeable_ = where_ + " can be written to by others";
    }
    return absl::OkStatus();
  }

  absl::Status Follow(const Descriptor& link, const struct stat& info, const std::string& name) {
    if (!IsOfRootOrOurs(info)) {
      return FileProblem(path_, "the link " + Below(name) + " belongs to another user");
    }
    if (++links_ > kMostLinks) {
      errno = ELOOP;
      return FileSystemProblem(path_);
    }
    char target[PATH_MAX];
    const ssize_t size = readlinkat(link.get(), "", target, sizeof(target));
    if (size <= 0 || size == static_cast<ssize_t>(sizeof(target))) return FileSystemProblem(path_);
    return Start(std::string(target, static_cast<size_t>(size)));
  }

  std::string Below(const std::string& name) const {
    return (where_ == "/" ? "" : where_) + "/" + name;
  }

  absl::StatusOr<Descriptor> Open(const std::string& name) const {
    if (links_ > 0 && !changeable_.empty()) {
      return FileProblem(path_, "is reached by a link, and " + changeable_);
    }
    Descriptor file(
        openat(at_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() < 0) return FileSystemProblem(path_);
    return file;
  }

  const std::string& path_;
  // What is left of the way, the next last.
  std::vector<std::string> names_;
  Descriptor at_;
  // at_, for people.
  std::string where_;
  int links_ = 0;
  // The first place on the way where somebody else could put something: harmless without links,
  // since a file of ours cannot be made by others.
  std::string changeable_;
};

}  // namespace

absl::Status FileProblem(const std::string& path, const std::string& what) {
  return absl::FailedPreconditionError("file " + path + ": " + what);
}

absl::Status FileSystemProblem(const std::string& path) {
  return FileProblem(path, std::strerror(errno));
}

absl::StatusOr<Descriptor> OpenTrusted(const std::string& path) { return Walk(path).ToFile(); }

}  // namespace kasbah::crypto
