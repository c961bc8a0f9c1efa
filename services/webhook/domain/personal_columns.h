#pragma once

#include <array>
#include <string_view>

namespace kasbah::webhook {

// Every column of schema webhook that may name a person: what SubjectService exports and erases. An
// endpoint's URL and description say where a tenant's system listens, not who anybody is. The
// catalog test compares this list with the columns' comments.
inline constexpr std::string_view kMessageBodyColumn = "webhook.messages.body";
inline constexpr std::array kPersonalColumns = {kMessageBodyColumn};

}  // namespace kasbah::webhook
