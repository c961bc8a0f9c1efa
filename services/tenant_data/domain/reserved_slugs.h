#pragma once

#include <string_view>

namespace kasbah::tenantdata {

// Names that the installation or the mail and certificates of a domain need for themselves, and
// whatever the eye takes for one of them: with hyphens left out or between ("ad-min"), digits and
// letter pairs for letters ("adm1n", "vvww", "adrnin"), or numbered ("www2", "ns14").
bool IsReservedSlug(std::string_view slug);

}  // namespace kasbah::tenantdata
