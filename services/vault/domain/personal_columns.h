#pragma once

#include <array>
#include <string_view>

namespace kasbah::vault {

// Every column of this schema that is about a person: what SubjectService exports and erases.
inline constexpr std::array<std::string_view, 3> kPersonalColumns = {
    "vault.secret_versions.created_by",
    "vault.secret_grants.actor",
    "vault.leases.actor",
};

}  // namespace kasbah::vault
