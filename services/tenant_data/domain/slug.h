#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace kasbah::tenantdata {

// Whether a tenant may be called `slug` in addresses: 3 to 40 lower-case letters, digits and inner
// hyphens, no two hyphens in a row (which would let a name pass for punycode), and not a name that
// is reserved or looks like one (IsReservedSlug). INVALID_ARGUMENT at "slug".
absl::Status CheckSlug(std::string_view slug);

}  // namespace kasbah::tenantdata
