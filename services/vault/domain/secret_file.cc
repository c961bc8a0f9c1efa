#include "services/vault/domain/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kasbah::vault {
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

}  // namespace

absl::StatusOr<crypto::SecretBytes> ReadSecretFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return Problem(path, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return Problem(path, "not a regular file");
  if (info.st_uid != geteuid()) return Problem(path, "must be owned by the user of this process");
  if ((info.st_mode & 07177) != 0) return Problem(path, "must have mode 0600");
  if (info.st_size > kLargest) return Problem(path, "is larger than 4 KiB");
  const auto size = static_cast<size_t>(info.st_size);
  crypto::SecretBytes bytes = crypto::SecretBytes::OfSize(size);
  ssize_t got;
  do {
    got = read(file.get(), bytes.mutable_data(crypto::SecretAccess::ForSeal()), size);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(size)) return Problem(path, "could not be read whole");
  return bytes;
}

}  // namespace kasbah::vault
