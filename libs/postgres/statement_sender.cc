#include "libs/postgres/statement_sender.h"

#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"

namespace kasbah::postgres::internal {
namespace {

constexpr Statement kEnter{"core.enter", "SELECT core.enter($1, $2)"};
constexpr Statement kEnterAnyState{"core.enter_any_state", "SELECT core.enter_any_state($1, $2)"};

// Binary, as every result.
constexpr int kBinary = 1;

bool IsWordCharacter(char c) {
  return c == '_' || c == '.' || absl::ascii_isalnum(static_cast<unsigned char>(c));
}

// Whether a statement that says it reads has a word in it that changes rows. It is looked at once
// per connection, when it is prepared.
bool ChangesRows(std::string_view sql) {
  std::string word;
  std::string before;
  for (size_t i = 0; i <= sql.size(); ++i) {
    if (i < sql.size() && IsWordCharacter(sql[i])) {
      word.push_back(absl::ascii_toupper(static_cast<unsigned char>(sql[i])));
      continue;
    }
    if (word.empty()) continue;
    if (word == "INSERT" || word == "DELETE" || word == "MERGE") return true;
    // FOR UPDATE and FOR NO KEY UPDATE only lock.
    if (word == "UPDATE" && before != "FOR" && before != "KEY") return true;
    before = std::exchange(word, std::string());
  }
  return false;
}

bool HasTypes(const std::vector<Oid>& types, const std::vector<Param>& params) {
  if (types.size() != params.size()) return false;
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] != params[i].type_oid) return false;
  }
  return true;
}

Sent Wrong(std::string_view name, std::string_view what) {
  const std::string detail = StrCat("statement ", name, " ", what);
  telemetry::LogError("a statement is wrong", {{"detail", detail}});
  Sent sent;
  sent.wrong = absl::InternalError(ToAbsl(detail));
  return sent;
}

// Parameters as libpq takes them; of most statements they are few.
struct Bound {
  template <typename T>
  using Each = absl::InlinedVector<T, 8>;

  explicit Bound(const std::vector<Param>& params) : formats(params.size(), kBinary) {
    for (const Param& param : params) {
      values.push_back(param.is_null ? nullptr : param.data.data());
      lengths.push_back(static_cast<int>(param.data.size()));
    }
  }

  Each<const char*> values;
  Each<int> lengths;
  Each<int> formats;
};

std::vector<Oid> TypesOf(const std::vector<Param>& params) {
  std::vector<Oid> types;
  for (const Param& param : params) types.push_back(param.type_oid);
  return types;
}

}  // namespace

Sent SendStatement(Connection& connection, const Queued& queued) {
  Statement statement = queued.statement;
  if (!queued.composed.empty()) {
    statement = {connection.NameOfShape(queued.composed), queued.composed};
  }
  const std::vector<Param>& params = queued.params;
  const int count = static_cast<int>(params.size());
  const std::string name(statement.name);
  Sent sent;
  sent.name = statement.name;
  if (const Connection::Prepared* known = connection.FindPrepared(name)) {
    if (!HasTypes(known->types, params) || known->sql != statement.sql) {
      return Wrong(name, "has two texts, or parameters of other types");
    }
  } else {
    if (statement.access == Access::kRead && ChangesRows(statement.sql)) {
      return Wrong(name, "changes rows and is declared kRead");
    }
    Connection::Prepared prepared{std::string(statement.sql), TypesOf(params)};
    if (PQsendPrepare(connection.handle(), name.c_str(), prepared.sql.c_str(), count,
                      prepared.types.data()) != 1) {
      return sent;
    }
    sent.prepare = true;
    connection.AddPrepared(name, std::move(prepared));
  }
  const Bound bound(params);
  sent.statement =
      PQsendQueryPrepared(connection.handle(), name.c_str(), count, bound.values.data(),
                          bound.lengths.data(), bound.formats.data(), kBinary) == 1;
  return sent;
}

std::optional<Queued> EnterStatement(const Scope& scope) {
  if (scope.mode == EnterMode::kDoor) return std::nullopt;
  const std::string customer =
      scope.customer.has_value() ? scope.customer->uuid().ToString() : "all";
  return Queued{scope.mode == EnterMode::kActive ? kEnter : kEnterAnyState,
                {Encode(scope.tenant), Encode(customer)},
                std::nullopt};
}

}  // namespace kasbah::postgres::internal
