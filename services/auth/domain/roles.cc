#include "services/auth/domain/roles.h"

#include <array>
#include <initializer_list>

namespace kasbah::auth {
namespace {

using policy::v1::Permission;

PermissionSet With(PermissionSet set, std::initializer_list<Permission> more) {
  for (const Permission permission : more) set.set(static_cast<size_t>(permission));
  return set;
}

// Sees what there is, but for the values of secrets and the audit trail.
PermissionSet Viewer() {
  return With({}, {policy::v1::PERMISSION_TENANT_READ, policy::v1::PERMISSION_CUSTOMER_READ,
                   policy::v1::PERMISSION_MEMBER_READ, policy::v1::PERMISSION_API_KEY_READ,
                   policy::v1::PERMISSION_KEY_READ, policy::v1::PERMISSION_SECRET_READ,
                   policy::v1::PERMISSION_COLLECTION_READ, policy::v1::PERMISSION_RECORD_READ,
                   policy::v1::PERMISSION_WEBHOOK_READ, policy::v1::PERMISSION_WORKLOAD_READ,
                   policy::v1::PERMISSION_DOMAIN_READ, policy::v1::PERMISSION_FILE_READ});
}

// Works with data and secrets; sets nothing up and admits nobody.
PermissionSet Member() {
  return With(Viewer(), {policy::v1::PERMISSION_CUSTOMER_WRITE, policy::v1::PERMISSION_RECORD_WRITE,
                         policy::v1::PERMISSION_SECRET_ACCESS, policy::v1::PERMISSION_SECRET_WRITE,
                         policy::v1::PERMISSION_FILE_WRITE, policy::v1::PERMISSION_AUDIT_WRITE});
}

// Everything, but for erasing and what leads to it, which cannot be undone. What an admin lacks is
// also what keeps them from appointing or removing owners.
PermissionSet Admin() {
  return With(Member(),
              {policy::v1::PERMISSION_MEMBER_MANAGE, policy::v1::PERMISSION_API_KEY_MANAGE,
               policy::v1::PERMISSION_KEY_MANAGE, policy::v1::PERMISSION_COLLECTION_MANAGE,
               policy::v1::PERMISSION_WEBHOOK_MANAGE, policy::v1::PERMISSION_WORKLOAD_MANAGE,
               policy::v1::PERMISSION_DOMAIN_MANAGE, policy::v1::PERMISSION_AUDIT_READ,
               policy::v1::PERMISSION_TENANT_MANAGE, policy::v1::PERMISSION_AUDIT_HOLD_MANAGE,
               policy::v1::PERMISSION_AUDIT_SINK_MANAGE});
}

PermissionSet Owner() {
  return With(Admin(),
              {policy::v1::PERMISSION_SUBJECT_MANAGE, policy::v1::PERMISSION_TENANT_EXPORT,
               policy::v1::PERMISSION_TENANT_ERASE, policy::v1::PERMISSION_AUDIT_RETENTION_MANAGE,
               policy::v1::PERMISSION_AUDIT_REDACT});
}

}  // namespace

const PermissionSet& PermissionsOf(Role role) {
  static const std::array<PermissionSet, 4> sets = {Owner(), Admin(), Member(), Viewer()};
  return sets[static_cast<size_t>(role)];
}

const PermissionSet& WorkloadPermissions() {
  static const PermissionSet set =
      With({}, {policy::v1::PERMISSION_SECRET_READ, policy::v1::PERMISSION_SECRET_ACCESS});
  return set;
}

bool Covers(const PermissionSet& held, Role role) { return (PermissionsOf(role) & ~held).none(); }

std::string_view NameOf(Role role) {
  static constexpr std::array<std::string_view, 4> names = {"owner", "admin", "member", "viewer"};
  return names[static_cast<size_t>(role)];
}

std::optional<Role> ParseRole(std::string_view name) {
  for (const Role role : kRoles) {
    if (NameOf(role) == name) return role;
  }
  return std::nullopt;
}

}  // namespace kasbah::auth
