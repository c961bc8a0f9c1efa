#include "libs/dev/server_account.h"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::dev {

absl::StatusOr<ServerAccount> ServerAccount::Find() {
  ServerAccount account;
  account.uid = geteuid();
  account.gid = getegid();
  if (account.uid != 0) return account;
  for (const char* name : {"postgres", "nobody"}) {
    const passwd* found = getpwnam(name);
    if (found == nullptr) continue;
    account.switches = true;
    account.uid = found->pw_uid;
    account.gid = found->pw_gid;
    account.name = name;
    return account;
  }
  return absl::FailedPreconditionError(
      "PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as");
}

absl::Status ServerAccount::HandOver(const std::string& directory) const {
  if (!switches) return absl::OkStatus();
  if (lchown(directory.c_str(), uid, gid) != 0) {
    return FileError("hand over", directory, errno);
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
    if (lchown(entry.path().c_str(), uid, gid) != 0) {
      return FileError("hand over", entry.path(), errno);
    }
  }
  return error ? FileError("read", directory, error.value()) : absl::OkStatus();
}

absl::Status ServerAccount::CheckReach(const std::string& directory) const {
  if (!switches) return absl::OkStatus();
  std::vector<std::string> above;
  for (std::filesystem::path path = std::filesystem::absolute(directory); path != path.root_path();
       path = path.parent_path()) {
    above.push_back(path);
  }
  std::reverse(above.begin(), above.end());
  const pid_t child = fork();
  if (child == 0) {
    if (!Become()) _exit(255);
    for (size_t i = 0; i < above.size() && i < 254; ++i) {
      if (access(above[i].c_str(), X_OK) != 0) _exit(static_cast<int>(i) + 1);
    }
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) == 255) {
    return absl::FailedPreconditionError(StrCat("cannot become user ", name));
  }
  if (WEXITSTATUS(status) == 0) return absl::OkStatus();
  const std::string& closed = above[static_cast<size_t>(WEXITSTATUS(status)) - 1];
  return absl::FailedPreconditionError(
      StrCat("PostgreSQL runs as user ", name, ", who may not pass through ", closed,
             "; use a directory elsewhere, or allow it with: chmod o+x '", closed, "'"));
}

bool ServerAccount::Become() const {
  if (!switches) return true;
  return setgroups(1, &gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0;
}

}  // namespace kasbah::dev
