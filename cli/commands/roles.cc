#include "cli/commands/roles.h"

#include "cli/console/output.h"
#include "libs/base/strings.h"

namespace kasbah::cli {

std::string RoleNames() { return EnumNames(*auth::v1::Role_descriptor()); }

std::string RoleName(auth::v1::Role role) { return EnumName(*auth::v1::Role_descriptor(), role); }

absl::StatusOr<auth::v1::Role> ParseRole(const std::string& name) {
  const int number = EnumNumber(*auth::v1::Role_descriptor(), name);
  if (number < 0) {
    return absl::InvalidArgumentError(
        StrCat("no role is called '", name, "'; there are: ", RoleNames()));
  }
  return static_cast<auth::v1::Role>(number);
}

}  // namespace kasbah::cli
