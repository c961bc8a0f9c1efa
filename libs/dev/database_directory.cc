#include "libs/dev/database_directory.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dev/files.h"
#include "libs/dev/server_account.h"

namespace kasbah::dev {
namespace {

constexpr char kElsewhere[] = "/var/lib/kasbah";

}  // namespace

absl::StatusOr<std::string> DatabaseDirectory(const Installation& installation) {
  const std::string usual = installation.Path("postgres");
  std::error_code error;
  if (const auto target = std::filesystem::read_symlink(usual, error); !error) {
    RETURN_IF_ERROR(MakeDirectory(target.string(), 0700));
    return target.string();
  }
  ASSIGN_OR_RETURN(const ServerAccount account, ServerAccount::Find());
  if (FileExists(usual) || account.CheckReach(installation.directory()).ok()) return usual;
  RETURN_IF_ERROR(MakeDirectory(kElsewhere, 0755));
  // A name of its own: an installation that is deleted and made again has other keys and passwords.
  const std::string directory = StrCat(kElsewhere, "/", crypto::Hex(crypto::RandomBytes(8)));
  RETURN_IF_ERROR(MakeDirectory(directory, 0700));
  if (symlink(directory.c_str(), usual.c_str()) != 0)
    return FileError("make the link", usual, errno);
  return directory;
}

}  // namespace kasbah::dev
