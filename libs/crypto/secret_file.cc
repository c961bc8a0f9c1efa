#include "libs/crypto/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "libs/base/status_macros.h"
#include "libs/crypto/trusted_open.h"

namespace kasbah::crypto {
namespace {

constexpr off_t kLargest = 4096;

absl::Status WriteAll(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FileSystemProblem(path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(descriptor) == 0 ? absl::OkStatus() : FileSystemProblem(path);
}

// Of what is open: the name may lead elsewhere by now.
absl::Status CheckReaders(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return FileProblem(path, "not a regular file");
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return FileProblem(path, "must be owned by the user of this process, or by root");
  }
  if ((info.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP | S_IXUSR | S_ISUID | S_ISGID | S_ISVTX)) != 0) {
    return FileProblem(path, "must have mode 0600, or 0440 where root owns it");
  }
  // How Kubernetes mounts a Secret for a pod: root's, for the group that the pod runs as. Root
  // itself needs no group to read it.
  const bool is_for_our_group = info.st_uid == 0 && geteuid() != 0 && info.st_gid == getegid();
  if ((info.st_mode & S_IRGRP) != 0 && !is_for_our_group) {
    return FileProblem(path, info.st_uid == geteuid()
                                 ? "must have mode 0600: only what root owns may be for a group"
                                 : "may be read by a group that this process does not run as");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeSecretFile(const std::string& path, const SecretBytes& bytes) {
  const Descriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) {
    if (errno == EEXIST) return absl::AlreadyExistsError("file " + path + " exists");
    return FileSystemProblem(path);
  }
  // Whatever the umask took away.
  if (fchmod(file.get(), 0600) != 0) return FileSystemProblem(path);
  const absl::Status written = WriteAll(file.get(), bytes.view(SecretAccess::ForSeal()), path);
  // Half a secret would be refused for ever and in the way of a new one.
  if (!written.ok()) unlink(path.c_str());
  return written;
}

absl::StatusOr<SecretBytes> ReadSecretFile(const std::string& path) {
  ASSIGN_OR_RETURN(const Descriptor file, OpenTrusted(path));
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return FileSystemProblem(path);
  RETURN_IF_ERROR(CheckReaders(path, info));
  if (info.st_size > kLargest) return FileProblem(path, "is larger than 4 KiB");
  const auto size = static_cast<size_t>(info.st_size);
  SecretBytes bytes = SecretBytes::OfSize(size);
  ssize_t got;
  do {
    got = read(file.get(), bytes.mutable_data(SecretAccess::ForSeal()), size);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(size)) return FileProblem(path, "could not be read whole");
  return bytes;
}

}  // namespace kasbah::crypto
