#include "services/witness/store/head_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/note.h"

namespace kasbah::witness {
namespace {

// Says that the directory is a witness's, and is what is locked.
constexpr char kMarker[] = "kasbah-witness";
constexpr size_t kLargestHead = 4096;

absl::Status Problem(std::string_view directory, std::string_view what) {
  return absl::FailedPreconditionError(StrCat("state directory ", directory, ": ", what));
}

absl::Status SystemProblem(std::string_view directory, std::string_view what) {
  return Problem(directory, StrCat(what, ": ", std::strerror(errno)));
}

// An origin may hold anything; a hash is a file's name.
std::string NameOf(const std::string& origin) {
  return crypto::Hex(merkle::View(merkle::Sha256Of(origin))) + ".head";
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0;
}

}  // namespace

absl::Status HeadFiles::Make(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemProblem(directory, "cannot be made");
  }
  const std::string marker = StrCat(directory, "/", kMarker);
  const int file = open(marker.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    if (errno == EEXIST) {
      return absl::AlreadyExistsError(StrCat("state directory ", directory, " is in use already"));
    }
    return SystemProblem(directory, "cannot be written to");
  }
  const bool synced = fsync(file) == 0;
  close(file);
  const int parent = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool parent_synced = parent >= 0 && fsync(parent) == 0;
  if (parent >= 0) close(parent);
  return synced && parent_synced ? absl::OkStatus() : SystemProblem(directory, "cannot be synced");
}

absl::StatusOr<std::unique_ptr<HeadFiles>> HeadFiles::Open(const std::string& directory) {
  const int directory_fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_fd < 0) return SystemProblem(directory, "cannot be opened");
  const int lock_fd = openat(directory_fd, kMarker, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  auto files = std::unique_ptr<HeadFiles>(new HeadFiles(directory, directory_fd, lock_fd));
  if (lock_fd < 0) {
    return Problem(directory,
                   "is not a witness's: where one has run before, its volume is not mounted; for a "
                   "new one, kasbah-witness keygen makes it");
  }
  if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return Problem(directory, "another process holds it");
  }
  return files;
}

HeadFiles::~HeadFiles() {
  if (lock_fd_ >= 0) close(lock_fd_);
  close(directory_fd_);
}

absl::StatusOr<std::optional<CosignedHead>> HeadFiles::Find(const std::string& origin) {
  absl::MutexLock lock(&mutex_);
  if (const auto known = known_.find(origin); known != known_.end()) return known->second;
  ASSIGN_OR_RETURN(const std::optional<CosignedHead> head, Read(origin));
  if (head) known_[origin] = *head;
  return head;
}

absl::StatusOr<std::optional<CosignedHead>> HeadFiles::Read(const std::string& origin) {
  const int file = openat(directory_fd_, NameOf(origin).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    if (errno == ENOENT) return std::nullopt;
    return SystemProblem(directory_, "a head cannot be opened");
  }
  std::string text(kLargestHead, '\0');
  const ssize_t size = read(file, text.data(), text.size());
  close(file);
  if (size < 0) return SystemProblem(directory_, "a head cannot be read");
  text.resize(static_cast<size_t>(size));
  const absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::Checkpoint::Parse(text);
  if (!checkpoint.ok() || checkpoint->origin != origin) {
    return absl::DataLossError(
        StrCat("state directory ", directory_, ": ", NameOf(origin), " is no head of ", origin));
  }
  return CosignedHead{checkpoint->size, checkpoint->root};
}

absl::Status HeadFiles::Save(const std::string& origin, const CosignedHead& head) {
  ASSIGN_OR_RETURN(const std::optional<CosignedHead> before, Find(origin));
  if (before && head.size < before->size) {
    return Problem(directory_, "a head must not become smaller");
  }
  absl::MutexLock lock(&mutex_);
  const std::string name = NameOf(origin);
  const std::string unfinished = name + ".new";
  const int file = openat(directory_fd_, unfinished.c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return SystemProblem(directory_, "a head cannot be written");
  const bool written = WriteAll(file, merkle::Checkpoint{origin, head.size, head.root}.ToText());
  close(file);
  if (!written || renameat(directory_fd_, unfinished.c_str(), directory_fd_, name.c_str()) != 0) {
    return SystemProblem(directory_, "a head cannot be written");
  }
  // What the directory holds is not known after a failure here: it is read again.
  known_.erase(origin);
  if (fsync(directory_fd_) != 0) return SystemProblem(directory_, "cannot be synced");
  known_[origin] = head;
  return absl::OkStatus();
}

}  // namespace kasbah::witness
