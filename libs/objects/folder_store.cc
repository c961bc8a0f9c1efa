#include "libs/objects/folder_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "libs/base/descriptor.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::objects {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

absl::Status Failed(std::string_view what) {
  return StoreUnavailable(StrCat(what, ": ", std::strerror(errno)));
}

// A tenant's folder of files, from the root down a step at a time. Not open, and OK, where it is
// not there and `make` does not say otherwise.
absl::StatusOr<Descriptor> TenantFolder(int root, TenantId tenant, bool make) {
  Descriptor folder(fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!folder.is_open()) return Failed("the folder");
  for (const std::string& step :
       {std::string("tenants"), tenant.ToString(), std::string("files")}) {
    if (make) {
      if (mkdirat(folder.get(), step.c_str(), 0700) == 0) {
        if (fsync(folder.get()) != 0) return Failed("syncing a folder");
      } else if (errno != EEXIST) {
        return Failed("making a folder");
      }
    }
    Descriptor next(openat(folder.get(), step.c_str(), kFolder));
    if (!next.is_open()) {
      if (errno == ENOENT && !make) return Descriptor();
      return Failed("opening a folder");
    }
    folder = std::move(next);
  }
  return folder;
}

// One writer for each file: ids are never used twice.
std::string PartOf(const std::string& name) { return name + ".part"; }

class FolderWriter final : public ObjectWriter {
 public:
  FolderWriter(Descriptor folder, Descriptor file, std::string name)
      : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)) {}
  ~FolderWriter() override {
    if (!committed_) unlinkat(folder_.get(), PartOf(name_).c_str(), 0);
  }

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return Failed("writing an object");
      }
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status Commit() override {
    if (fsync(file_.get()) != 0) return Failed("syncing an object");
    if (renameat(folder_.get(), PartOf(name_).c_str(), folder_.get(), name_.c_str()) != 0) {
      return Failed("moving an object to its place");
    }
    committed_ = true;
    if (fsync(folder_.get()) != 0) return Failed("syncing a folder");
    return absl::OkStatus();
  }

 private:
  Descriptor folder_;
  Descriptor file_;
  const std::string name_;
  bool committed_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FolderStore>> FolderStore::Create(const std::string& directory) {
  const auto refuse = [&](std::string_view why) {
    return Error(absl::StatusCode::kFailedPrecondition, "CONFIG_INVALID",
                 StrCat("the folder for files ", directory, " ", why));
  };
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse(StrCat("cannot be made: ", std::strerror(errno)));
  }
  Descriptor root(open(directory.c_str(), kFolder));
  if (!root.is_open()) return refuse(StrCat("cannot be opened: ", std::strerror(errno)));
  struct stat about = {};
  if (fstat(root.get(), &about) != 0) return refuse(std::strerror(errno));
  if (about.st_uid != geteuid()) return refuse("is another user's");
  if ((about.st_mode & 022) != 0) return refuse("may be written to by others: make it mode 0700");
  const int kept = fcntl(root.get(), F_DUPFD_CLOEXEC, 0);
  if (kept < 0) return refuse(std::strerror(errno));
  return std::unique_ptr<FolderStore>(new FolderStore(kept));
}

FolderStore::~FolderStore() { close(root_); }

absl::StatusOr<std::unique_ptr<ObjectWriter>> FolderStore::Write(const ObjectKey& key) {
  ASSIGN_OR_RETURN(Descriptor folder, TenantFolder(root_, key.tenant, /*make=*/true));
  std::string name = key.file.ToString();
  // What is there already is a crashed writer's, or a link that somebody put there: never followed
  // and never reused.
  unlinkat(folder.get(), PartOf(name).c_str(), 0);
  Descriptor file(openat(folder.get(), PartOf(name).c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return Failed("making an object");
  return std::make_unique<FolderWriter>(std::move(folder), std::move(file), std::move(name));
}

absl::StatusOr<std::string> FolderStore::Read(const ObjectKey& key, int64_t offset, size_t size) {
  ASSIGN_OR_RETURN(const Descriptor folder, TenantFolder(root_, key.tenant, /*make=*/false));
  if (!folder.is_open()) return NotFound("file");
  const Descriptor file(
      openat(folder.get(), key.file.ToString().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) return errno == ENOENT ? NotFound("file") : Failed("opening an object");
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = pread(file.get(), bytes.data() + filled, size - filled,
                              offset + static_cast<int64_t>(filled));
    if (got < 0) {
      if (errno == EINTR) continue;
      return Failed("reading an object");
    }
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

absl::Status FolderStore::Delete(const ObjectKey& key) {
  ASSIGN_OR_RETURN(const Descriptor folder, TenantFolder(root_, key.tenant, /*make=*/false));
  if (!folder.is_open()) return absl::OkStatus();
  const std::string name = key.file.ToString();
  for (const std::string& entry : {name, PartOf(name)}) {
    if (unlinkat(folder.get(), entry.c_str(), 0) != 0 && errno != ENOENT) {
      return Failed("deleting an object");
    }
  }
  if (fsync(folder.get()) != 0) return Failed("syncing a folder");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FileId>> FolderStore::List(TenantId tenant, FileId after, int limit) {
  ASSIGN_OR_RETURN(const Descriptor folder, TenantFolder(root_, tenant, /*make=*/false));
  if (!folder.is_open()) return std::vector<FileId>();
  const int listed = openat(folder.get(), ".", kFolder);
  DIR* const entries = listed < 0 ? nullptr : fdopendir(listed);
  if (entries == nullptr) {
    if (listed >= 0) close(listed);
    return Failed("listing a folder");
  }
  std::vector<FileId> files;
  while (const dirent* entry = readdir(entries)) {
    std::string name = entry->d_name;
    // What a writer left is its file's, for whoever deletes that.
    if (name.ends_with(".part")) name.resize(name.size() - 5);
    const absl::StatusOr<FileId> file = FileId::Parse(name);
    if (file.ok() && *file > after) files.push_back(*file);
  }
  closedir(entries);
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  if (files.size() > static_cast<size_t>(limit)) files.resize(static_cast<size_t>(limit));
  return files;
}

}  // namespace kasbah::objects
