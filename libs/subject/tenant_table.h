#pragma once

#include <span>
#include <string_view>

#include "libs/postgres/statement.h"

namespace kasbah::subject {

// A table with rows of tenants, and what becomes of them in ExportTenant and EraseTenant. Each
// service lists all of its own (store/tenant_tables.h), in the order in which they can be erased; a
// catalog test fails for one that nobody lists.
struct TenantTable {
  // "auth.memberships".
  std::string_view name;
  // What of a row an export shows, as a select list; empty: nothing, for the reason given.
  std::string_view shown;
  // A page of what is shown, and one after a cursor; empty: the service has a way of its own.
  postgres::Statement first;
  postgres::Statement next;
  // Whether there are rows, and the end of some; empty: they stay, for the reason given.
  postgres::Statement any;
  postgres::Statement erase;
  std::string_view why;

  bool is_shown() const { return !shown.empty(); }
  bool is_erased() const { return !erase.sql.empty(); }
};

// All of a schema's, and how many events of a tenant wait in its outbox.
struct TenantTables {
  std::span<const TenantTable> tables;
  postgres::Statement undelivered;
};

// Rows as JSON with a cursor each, in the order of the primary key, some MB at the most: what a row
// is larger than that by itself comes alone.
#define KASBAH_TENANT_PAGE(name, key, shown, condition)                                     \
  "SELECT cursor::text, line::text FROM ("                                                  \
  " SELECT n, cursor, line, sum(octet_length(line::text)) OVER (ORDER BY n) AS bytes FROM"  \
  " (SELECT row_number() OVER (ORDER BY " key                                               \
  ") AS n,"                                                                                 \
  "    (SELECT row_to_json(k) FROM (SELECT " key                                            \
  ") k) AS cursor,"                                                                         \
  "    (SELECT row_to_json(r) FROM (SELECT " shown ") r) AS line FROM (SELECT * FROM " name \
  "     WHERE tenant_id = $1 " condition "ORDER BY " key                                    \
  " LIMIT 500) t) a) b"                                                                     \
  " WHERE n = 1 OR bytes <= 3000000 ORDER BY n"
// The key's types are those of the table.
#define KASBAH_TENANT_FIRST(name, key, shown) \
  { "tenant.first." name, KASBAH_TENANT_PAGE(name, key, shown, "") }
#define KASBAH_TENANT_NEXT(name, key, shown)                                                     \
  {                                                                                              \
    "tenant.next." name, KASBAH_TENANT_PAGE(name, key, shown,                                    \
                                            "AND (" key ") > (SELECT " key                       \
                                            " FROM jsonb_populate_record(NULL::" name ", $2)) ") \
  }
#define KASBAH_TENANT_ANY(name) \
  { "tenant.any." name, "SELECT EXISTS (SELECT FROM " name " WHERE tenant_id = $1)" }
#define KASBAH_TENANT_ERASE(name, key)                                                          \
  {                                                                                             \
    "tenant.erase." name,                                                                       \
        "WITH gone AS (DELETE FROM " name " WHERE tenant_id = $1 AND (" key ") IN (SELECT " key \
        " FROM " name " WHERE tenant_id = $1 ORDER BY " key                                     \
        " LIMIT 2000) RETURNING 1) SELECT count(*) FROM gone",                                  \
        postgres::Access::kWrite                                                                \
  }
#define KASBAH_NO_STATEMENT \
  { "", "" }

// `key`: the primary key without tenant_id, or that where it is all.
#define KASBAH_SHOWN_AND_ERASED(name, key, shown)                                             \
  ::kasbah::subject::TenantTable {                                                            \
    name, shown, KASBAH_TENANT_FIRST(name, key, shown), KASBAH_TENANT_NEXT(name, key, shown), \
        KASBAH_TENANT_ANY(name), KASBAH_TENANT_ERASE(name, key), ""                           \
  }
// Shown by the service's own PageOf.
#define KASBAH_SHOWN_SPECIALLY(name, key)                                         \
  ::kasbah::subject::TenantTable {                                                \
    name, "*", KASBAH_NO_STATEMENT, KASBAH_NO_STATEMENT, KASBAH_TENANT_ANY(name), \
        KASBAH_TENANT_ERASE(name, key), ""                                        \
  }
#define KASBAH_SHOWN_AND_KEPT(name, key, shown, why)                                          \
  ::kasbah::subject::TenantTable {                                                            \
    name, shown, KASBAH_TENANT_FIRST(name, key, shown), KASBAH_TENANT_NEXT(name, key, shown), \
        KASBAH_NO_STATEMENT, KASBAH_NO_STATEMENT, why                                         \
  }
#define KASBAH_HIDDEN_AND_ERASED(name, key, why)                                 \
  ::kasbah::subject::TenantTable {                                               \
    name, "", KASBAH_NO_STATEMENT, KASBAH_NO_STATEMENT, KASBAH_TENANT_ANY(name), \
        KASBAH_TENANT_ERASE(name, key), why                                      \
  }
#define KASBAH_HIDDEN_AND_KEPT(name, why)                                                         \
  ::kasbah::subject::TenantTable {                                                                \
    name, "", KASBAH_NO_STATEMENT, KASBAH_NO_STATEMENT, KASBAH_NO_STATEMENT, KASBAH_NO_STATEMENT, \
        why                                                                                       \
  }
#define KASBAH_UNDELIVERED(schema)                                                              \
  ::kasbah::postgres::Statement {                                                               \
    "tenant.undelivered." schema, "SELECT count(*) FROM " schema ".outbox WHERE tenant_id = $1" \
  }

}  // namespace kasbah::subject
