#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"

namespace kasbah::tenantdata {

// What every transaction of a move begins with, at either side. $1 tenant
inline constexpr postgres::Statement kEnterToMove{"move.enter",
                                                  "SELECT core.enter_any_state($1, 'all')"};

// A table of tenants' records, as the catalog describes it, and the SQL that moves its rows. Rows
// travel as text of their type, keys as JSON objects. Statements' names are the table's own.
struct MovableTable {
  struct Query {
    std::string name;
    std::string sql;
    postgres::Statement read() const { return {name, sql, postgres::Access::kRead}; }
    postgres::Statement write() const { return {name, sql, postgres::Access::kWrite}; }
  };

  std::string name;
  // At source. $1 tenant, $2 how many, $3 the key of the row before: rows and their keys, in the
  // order of keys, as many as travel well together.
  Query first_page;
  Query next_page;
  // The same pages, with digests in place of rows; at either side.
  Query first_digests;
  Query next_digests;
  // At target. $1 tenant, $2 the last key, $3 the key before the first: digests and keys.
  Query first_until;
  Query next_until;
  // The key of the last row, as pages go; whether the key $1 comes no earlier than $2.
  Query last;
  Query is_past;
  // At source. $1 tenant, $2 an array of keys: those rows that there are, and their digests.
  Query fetch;
  // At target. $1 tenant, $2 an array of keys: digests of those that there are.
  Query look;
  // At target. $1 rows: those that are new.
  Query insert;
  // At target. $1 tenant, $2 an array of keys, $3 rows: what has one of the keys and is not among
  // the rows, or all that have one of them where nothing refers to the table.
  Query remove;
  // At target, after that. $1 rows.
  Query upsert;
  // $1 tenant, $2 how many of its rows go.
  Query wipe;
};

// All there are, those that are referred to first. The same in every database of one schema.
absl::StatusOr<std::vector<MovableTable>> ReadMovableTables(postgres::Door& door,
                                                            absl::Time deadline);

}  // namespace kasbah::tenantdata
