#pragma once

#include <string_view>

namespace kasbah::postgres {

enum class Access {
  kRead,
  // Changes rows. A tenant transaction that writes must append its audit event or it is not
  // committed, and a lost connection leaves its outcome unknown.
  kWrite,
};

// One SQL statement, a named constant in the store that owns it. Prepared on each connection at its
// first use there. Never built at run time; every value is a parameter. What a caller's filter asks
// for is a ComposedQuery (composed_query.h).
struct Statement {
  // Unique in the process: "records.get".
  std::string_view name;
  std::string_view sql;
  Access access = Access::kRead;
};

}  // namespace kasbah::postgres
