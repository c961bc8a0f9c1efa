#pragma once

#include <string>
#include <vector>

namespace kasbah::security_test {

// What attackers write: SQL, also as what a filter or an array would be cut into, paths, formats,
// templates, control and direction characters, more brackets than a parser likes.
const std::vector<std::string>& HostileTexts();

// Words of ours that no answer may show.
inline constexpr const char* kSqlWords[] = {"syntax error", "SELECT ", "tenant_data.",
                                            "pg_catalog"};

}  // namespace kasbah::security_test
