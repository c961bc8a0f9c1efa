#include "services/vault/domain/file_share_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/secret_file.h"

namespace kasbah::vault {
namespace {

absl::Status Problem(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(ToAbsl(StrCat("shares: ", path, ": ", what)));
}

// A disk that fails or is full may be well again later.
absl::Status SystemProblem(const std::string& path) {
  return absl::UnavailableError(ToAbsl(StrCat("shares: ", path, ": ", std::strerror(errno))));
}

// What a directory lists survives a crash once this returns.
absl::Status SyncDirectory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return SystemProblem(path);
  const bool synced = fsync(directory) == 0;
  const absl::Status problem = synced ? absl::OkStatus() : SystemProblem(path);
  close(directory);
  return problem;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Over the bytes that are there, not into a new file.
absl::Status Overwrite(const std::string& path, size_t size) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return SystemProblem(path);
  const std::string zeros(size, '\0');
  const bool done =
      pwrite(file, zeros.data(), size, 0) == static_cast<ssize_t>(size) && fsync(file) == 0;
  const absl::Status problem = done ? absl::OkStatus() : SystemProblem(path);
  close(file);
  return problem;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileShareStore>> FileShareStore::Create(
    const std::string& directory) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return Problem(directory, std::strerror(errno));
  if (!S_ISDIR(info.st_mode)) return Problem(directory, "not a directory");
  if (info.st_uid != geteuid()) return Problem(directory, "must be owned by the vault's user");
  if ((info.st_mode & 077) != 0) return Problem(directory, "must have mode 0700");
  return std::unique_ptr<FileShareStore>(new FileShareStore(directory));
}

std::string FileShareStore::DirectoryOf(const ShareRef& ref) const {
  return StrCat(directory_, "/", ref.tenant.ToString());
}

std::string FileShareStore::PathOf(const ShareRef& ref) const {
  return StrCat(DirectoryOf(ref), "/", crypto::Hex(ref.id.view()));
}

std::string FileShareStore::MarkOf(const ShareRef& ref) const {
  return StrCat(PathOf(ref), ".destroyed");
}

absl::StatusOr<crypto::SecretBytes> FileShareStore::Make(const ShareRef& ref) {
  const std::string directory = DirectoryOf(ref);
  if (mkdir(directory.c_str(), 0700) == 0) {
    RETURN_IF_ERROR(SyncDirectory(directory_));
  } else if (errno != EEXIST) {
    return SystemProblem(directory);
  }
  crypto::SecretBytes share = crypto::SecretBytes::Random(kShareSize);
  RETURN_IF_ERROR(crypto::MakeSecretFile(PathOf(ref), share));
  RETURN_IF_ERROR(SyncDirectory(directory));
  return share;
}

absl::StatusOr<crypto::SecretBytes> FileShareStore::Read(const ShareRef& ref) {
  if (Exists(MarkOf(ref))) return absl::DataLossError("the share was destroyed");
  const std::string path = PathOf(ref);
  if (!Exists(path)) {
    if (errno == ENOENT) return absl::NotFoundError(ToAbsl(StrCat("shares: no ", path)));
    return SystemProblem(path);
  }
  ASSIGN_OR_RETURN(crypto::SecretBytes share, crypto::ReadSecretFile(path));
  if (share.size() != kShareSize) return Problem(path, "must hold exactly 32 bytes");
  return share;
}

absl::Status FileShareStore::Destroy(const ShareRef& ref) {
  const std::string path = PathOf(ref);
  const std::string mark = MarkOf(ref);
  if (!Exists(DirectoryOf(ref))) return absl::OkStatus();
  // The mark first: a crash from here on is finished by the next try, and nobody reads meanwhile.
  const absl::Status marked = crypto::MakeSecretFile(mark, crypto::SecretBytes());
  if (!marked.ok() && !absl::IsAlreadyExists(marked)) return marked;
  RETURN_IF_ERROR(SyncDirectory(DirectoryOf(ref)));
  if (!Exists(path)) return errno == ENOENT ? absl::OkStatus() : SystemProblem(path);
  RETURN_IF_ERROR(Overwrite(path, kShareSize));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return SystemProblem(path);
  return SyncDirectory(DirectoryOf(ref));
}

}  // namespace kasbah::vault
