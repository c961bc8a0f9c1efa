#include "libs/crypto/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kasbah::crypto {
namespace {

constexpr off_t kLargest = 4096;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::Status Problem(const std::string& path, const std::string& what) {
  return absl::FailedPreconditionError("file " + path + ": " + what);
}

absl::Status SystemProblem(const std::string& path) { return Problem(path, std::strerror(errno)); }

absl::Status WriteAll(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemProblem(path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(descriptor) == 0 ? absl::OkStatus() : SystemProblem(path);
}

}  // namespace

absl::Status MakeSecretFile(const std::string& path, const SecretBytes& bytes) {
  const Descriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) {
    if (errno == EEXIST) return absl::AlreadyExistsError("file " + path + " exists");
    return SystemProblem(path);
  }
  // Whatever the umask took away.
  if (fchmod(file.get(), 0600) != 0) return SystemProblem(path);
  const absl::Status written = WriteAll(file.get(), bytes.view(SecretAccess::ForSeal()), path);
  // Half a secret would be refused for ever and in the way of a new one.
  if (!written.ok()) unlink(path.c_str());
  return written;
}

absl::StatusOr<SecretBytes> ReadSecretFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return SystemProblem(path);
  if (!S_ISREG(info.st_mode)) return Problem(path, "not a regular file");
  if (info.st_uid != geteuid()) return Problem(path, "must be owned by the user of this process");
  if ((info.st_mode & 07177) != 0) return Problem(path, "must have mode 0600");
  if (info.st_size > kLargest) return Problem(path, "is larger than 4 KiB");
  const auto size = static_cast<size_t>(info.st_size);
  SecretBytes bytes = SecretBytes::OfSize(size);
  ssize_t got;
  do {
    got = read(file.get(), bytes.mutable_data(SecretAccess::ForSeal()), size);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(size)) return Problem(path, "could not be read whole");
  return bytes;
}

}  // namespace kasbah::crypto
