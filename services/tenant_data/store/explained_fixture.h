#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/uuid.h"
#include "libs/crypto/encoding.h"
#include "libs/postgres/composed_query.h"

namespace kasbah::tenantdata {

// A parameter as a literal, for an EXPLAIN, which takes none. Of tests and benchmarks, whose values
// have nothing to escape.
inline std::string LiteralOf(const postgres::Param& param) {
  const std::string& data = param.data;
  switch (param.type_oid) {
    case 20: {
      uint64_t value = 0;
      for (char c : data) value = (value << 8) | static_cast<unsigned char>(c);
      return absl::StrCat("'", static_cast<int64_t>(value), "'::bigint");
    }
    case 25:
      return absl::StrCat("'", data, "'::text");
    case 2950:
      return absl::StrCat("'", Uuid::FromBytes(data)->ToString(), "'::uuid");
    case 1001:
      return "'{one}'::bytea[]";
    default:
      Crash("a parameter of a type that no list has", __FILE__, __LINE__);
  }
}

// The query with its values in it.
inline std::string WithLiterals(const postgres::ComposedQuery& query) {
  std::string sql = query.sql();
  for (size_t i = query.params().size(); i > 0; --i) {
    const std::string mark = absl::StrCat("$", i);
    for (size_t at = sql.find(mark); at != std::string::npos; at = sql.find(mark)) {
      sql.replace(at, mark.size(), LiteralOf(query.params()[i - 1]));
    }
  }
  return sql;
}

}  // namespace kasbah::tenantdata
