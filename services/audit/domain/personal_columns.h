#pragma once

#include <array>
#include <string_view>

namespace kasbah::audit {

// The columns that hold something about a person, in the order of merkle::kPersonalFields; the
// subject service exports and erases each of them.
inline constexpr std::array<std::string_view, 3> kPersonalColumns = {
    "audit.event.source_address", "audit.event.user_agent", "audit.event.actor_display"};

}  // namespace kasbah::audit
