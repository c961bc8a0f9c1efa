#pragma once

#include <array>
#include <string_view>

namespace kasbah::@package@ {

// Every column of schema @schema@ that may name a person: what SubjectService exports and erases.
// The catalog test compares this list with the columns' comments.
inline constexpr std::string_view kCreatedByColumn = "@schema@.@plural@.created_by";
inline constexpr std::array kPersonalColumns = {kCreatedByColumn};

}  // namespace kasbah::@package@
