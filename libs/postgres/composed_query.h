#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/strings.h"
#include "libs/postgres/statement.h"
#include "libs/postgres/value.h"

namespace kasbah::postgres {

// SQL that stands in the program's text: made at compile time from a string literal, so that
// nothing that came from outside can be one.
class SqlLiteral {
 public:
  template <size_t N>
  consteval SqlLiteral(const char (&text)[N]) : text_(text, N - 1) {}  // NOLINT: as a literal
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// A query whose shape is known at run time alone, such as a filter's: pieces of the program's own
// SQL, and parameters for every value. It reads. A connection keeps 128 KiB of them prepared, each
// planned once, without a look at the values: what a plan depends on stands in the text.
class ComposedQuery {
 public:
  ComposedQuery& Add(SqlLiteral piece) {
    sql_.append(piece.text());
    return *this;
  }
  // Puts "$n" for the value.
  template <typename T>
  ComposedQuery& Value(const T& value) {
    params_.push_back(Encode(value));
    StrAppend(&sql_, "$", params_.size());
    return *this;
  }

  const std::string& sql() const { return sql_; }
  const std::vector<Param>& params() const { return params_; }

 private:
  std::string sql_;
  std::vector<Param> params_;
};

// Comes before the first of a transaction and holds to its end: plans for all values, by indexes.
inline constexpr Statement kPlanComposed{"core.plan_composed", "SELECT core.plan_composed()"};

}  // namespace kasbah::postgres
