#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/uuid.h"
#include "libs/crypto/encoding.h"
#include "libs/postgres/composed_query.h"

namespace kasbah::tenantdata {

// Composed queries as SQL's own prepared statements, for EXPLAIN, which takes no parameters. Of
// tests and benchmarks, whose values have nothing to escape.

inline std::string TypeOf(const postgres::Param& param) {
  switch (param.type_oid) {
    case 17:
      return "bytea";
    case 20:
      return "bigint";
    case 25:
      return "text";
    case 2950:
      return "uuid";
    case 1001:
      return "bytea[]";
    default:
      Crash("a parameter of a type that no list has", __FILE__, __LINE__);
  }
}

inline std::string LiteralOf(const postgres::Param& param) {
  const std::string& data = param.data;
  switch (param.type_oid) {
    case 17:
      return "'one'";
    case 20: {
      uint64_t value = 0;
      for (char c : data) value = (value << 8) | static_cast<unsigned char>(c);
      return absl::StrCat("'", static_cast<int64_t>(value), "'");
    }
    case 25:
      return absl::StrCat("'", data, "'");
    case 2950:
      return absl::StrCat("'", Uuid::FromBytes(data)->ToString(), "'");
    default:
      return "'{one}'";
  }
}

inline std::string ListOf(const postgres::ComposedQuery& query,
                          std::string (*part)(const postgres::Param&)) {
  std::string list;
  for (const postgres::Param& param : query.params()) {
    absl::StrAppend(&list, list.empty() ? " (" : ", ", part(param));
  }
  return list.empty() ? list : list + ")";
}

inline std::string PrepareAs(const std::string& name, const postgres::ComposedQuery& query) {
  return absl::StrCat("PREPARE ", name, ListOf(query, TypeOf), " AS ", query.sql());
}
inline std::string ExecuteAs(const std::string& name, const postgres::ComposedQuery& query) {
  return absl::StrCat("EXECUTE ", name, ListOf(query, LiteralOf));
}

}  // namespace kasbah::tenantdata
