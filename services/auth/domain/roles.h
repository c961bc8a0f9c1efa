#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "kasbah/policy/v1/policy.pb.h"

namespace kasbah::auth {

// The four roles of every tenant, each holding everything that the next one does.
enum class Role { kOwner, kAdmin, kMember, kViewer };

inline constexpr Role kRoles[] = {Role::kOwner, Role::kAdmin, Role::kMember, Role::kViewer};

// By Permission number, as assertions carry them.
using PermissionSet = std::bitset<128>;

// What a role grants; docs/permissions.md is this table for people.
const PermissionSet& PermissionsOf(Role role);

// What a registered workload may do by itself, without a role: have the secrets that it is for.
const PermissionSet& WorkloadPermissions();

// Whether somebody who holds `held` may give `role` to others, or take it from them: nobody hands
// out more than they have.
bool Covers(const PermissionSet& held, Role role);

// As the database has it: "owner".
std::string_view NameOf(Role role);
std::optional<Role> ParseRole(std::string_view name);

}  // namespace kasbah::auth
