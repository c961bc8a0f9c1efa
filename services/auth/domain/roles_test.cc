#include "services/auth/domain/roles.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace kasbah::auth {
namespace {

using policy::v1::Permission;

bool Grants(Role role, Permission permission) {
  return PermissionsOf(role).test(static_cast<size_t>(permission));
}

TEST(Roles, EachHoldsAllThatTheNextOneDoes) {
  for (size_t i = 0; i + 1 < std::size(kRoles); ++i) {
    EXPECT_TRUE(Covers(PermissionsOf(kRoles[i]), kRoles[i + 1])) << NameOf(kRoles[i]);
    EXPECT_FALSE(Covers(PermissionsOf(kRoles[i + 1]), kRoles[i])) << NameOf(kRoles[i]);
  }
}

TEST(Roles, AnOwnerHoldsEveryPermissionThereIs) {
  const auto* permissions = policy::v1::Permission_descriptor();
  for (int i = 0; i < permissions->value_count(); ++i) {
    const int number = permissions->value(i)->number();
    EXPECT_EQ(Grants(Role::kOwner, static_cast<Permission>(number)), number != 0)
        << permissions->value(i)->name();
  }
}

TEST(Roles, OnlyAnOwnerErasesPeople) {
  EXPECT_FALSE(Grants(Role::kAdmin, policy::v1::PERMISSION_SUBJECT_MANAGE));
}

TEST(Roles, AViewerSeesNoSecretAndChangesNothing) {
  EXPECT_FALSE(Grants(Role::kViewer, policy::v1::PERMISSION_SECRET_ACCESS));
  const auto* permissions = policy::v1::Permission_descriptor();
  for (int i = 0; i < permissions->value_count(); ++i) {
    const std::string& name = permissions->value(i)->name();
    if (Grants(Role::kViewer, static_cast<Permission>(permissions->value(i)->number()))) {
      EXPECT_EQ(name.substr(name.size() - 5), "_READ") << name;
    }
  }
}

TEST(Roles, TheTrailIsForThoseWhoManage) {
  EXPECT_TRUE(Grants(Role::kAdmin, policy::v1::PERMISSION_AUDIT_READ));
  EXPECT_FALSE(Grants(Role::kMember, policy::v1::PERMISSION_AUDIT_READ));
}

TEST(Roles, AWorkloadReadsSecretsAddsToTheTrailAndDoesNothingElse) {
  PermissionSet expected;
  expected.set(policy::v1::PERMISSION_SECRET_READ);
  expected.set(policy::v1::PERMISSION_SECRET_ACCESS);
  expected.set(policy::v1::PERMISSION_AUDIT_WRITE);
  EXPECT_EQ(WorkloadPermissions(), expected);
}

TEST(Roles, NamesComeBack) {
  for (const Role role : kRoles) EXPECT_EQ(ParseRole(NameOf(role)), role);
  EXPECT_EQ(ParseRole("Owner"), std::nullopt);
  EXPECT_EQ(ParseRole(""), std::nullopt);
}

// "| `secret.access` | yes | yes | yes | |", a line for each permission, in the enum's order.
std::string PermissionTable() {
  std::string table =
      "| permission | owner | admin | member | viewer |\n| --- | --- | --- | --- | --- |\n";
  const auto* permissions = policy::v1::Permission_descriptor();
  for (int i = 0; i < permissions->value_count(); ++i) {
    const int number = permissions->value(i)->number();
    if (number == 0) continue;
    std::string name = absl::AsciiStrToLower(permissions->value(i)->name()).substr(11);
    name[name.rfind('_')] = '.';
    absl::StrAppend(&table, "| `", name, "` |");
    for (const Role role : kRoles) {
      absl::StrAppend(&table, Grants(role, static_cast<Permission>(number)) ? " yes |" : " |");
    }
    table += "\n";
  }
  return table;
}

TEST(Roles, TheDocumentSaysWhatTheTableDoes) {
  std::ifstream file(std::string(KASBAH_SOURCE_DIR) + "/docs/permissions.md");
  const std::string document((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(document.find(PermissionTable()), std::string::npos)
      << "docs/permissions.md must hold this table:\n"
      << PermissionTable();
}

}  // namespace
}  // namespace kasbah::auth
