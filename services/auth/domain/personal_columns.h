#pragma once

#include <array>
#include <string_view>

namespace kasbah::auth {

// Every column of schema auth that may name a person: what SubjectService exports and erases. The
// catalog test compares this list with the columns' comments.
inline constexpr std::string_view kEmailColumn = "auth.users.email";
inline constexpr std::string_view kMemberNameColumn = "auth.memberships.display_name";
inline constexpr std::string_view kKeyNameColumn = "auth.api_keys.display_name";
inline constexpr std::array kPersonalColumns = {kEmailColumn, kMemberNameColumn, kKeyNameColumn};

}  // namespace kasbah::auth
