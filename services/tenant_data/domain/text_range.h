#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kasbah::tenantdata {

// The first text, by code points, that comes after all texts that begin with `prefix`; none where
// no text does. UTF-8, whose bytes are in the same order (RFC 3629 section 1), so that a prefix is
// a range of an index under collation "C".
std::optional<std::string> PastPrefix(std::string_view prefix);

}  // namespace kasbah::tenantdata
