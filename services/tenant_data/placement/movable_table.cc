#include "services/tenant_data/placement/movable_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// Names are quoted. The trigger is what tenant_data.make_movable gives a table.
constexpr Statement kRead{"movable_tables.read", R"sql(
SELECT c.relname::text,
  coalesce((SELECT array_agg(quote_ident(a.attname) ORDER BY k.n)
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = c.oid AND i.indisprimary AND a.attname <> 'tenant_id'), '{}'),
  (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
  coalesce((SELECT array_agg(DISTINCT p.relname::text) FROM pg_constraint f
    JOIN pg_class p ON p.oid = f.confrelid
    WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid), '{}')
FROM pg_class c JOIN pg_trigger g ON g.tgrelid = c.oid AND g.tgname = 'note_change'
WHERE c.relnamespace = 'tenant_data'::regnamespace ORDER BY 1)sql"};

// Of one page; a single row may be more.
constexpr int kPageBytes = 4'000'000;

struct Described {
  std::string name;
  std::vector<std::string> key;
  std::vector<std::string> columns;
  std::set<std::string> parents;
  bool is_parent = false;
};

std::string Listed(const std::vector<std::string>& names, std::string_view alias,
                   std::string_view separator = ", ") {
  return absl::StrJoin(names, ToAbsl(separator), [&](std::string* out, const std::string& name) {
    StrAppend(out, alias, name);
  });
}

// "t.a = k.a AND t.b = k.b"; true where tenant_id alone is the key.
std::string Equal(const std::vector<std::string>& key, std::string_view a, std::string_view b) {
  if (key.empty()) return "true";
  return absl::StrJoin(key, " AND ", [&](std::string* out, const std::string& name) {
    StrAppend(out, a, name, " = ", b, name);
  });
}

constexpr char kDigest[] = "tenant_data.digest_of_row(t)";

// The key of a row of `t`, as an object.
std::string KeySql(const Described& table) {
  return StrCat("jsonb_build_object(",
                absl::StrJoin(table.key, ", ",
                              [](std::string* out, const std::string& name) {
                                StrAppend(out, "'", name, "', t.", name);
                              }),
                ")::text");
}

// Whether a row of `t` comes after the key in `parameter`, or not after it: "t.key > …". The
// parameter's values are each of their column's type.
std::string ComparedSql(const Described& table, const std::string& qualified,
                        std::string_view comparison, std::string_view parameter) {
  if (table.key.empty()) return comparison == ">" ? "false" : "true";
  return StrCat("(", Listed(table.key, "t."), ") ", comparison, " (SELECT ",
                Listed(table.key, "k."), " FROM jsonb_populate_record(NULL::", qualified, ", ",
                parameter, ") k)");
}

std::string PageSql(const Described& table, const std::string& qualified, std::string_view wanted,
                    bool first) {
  const std::string order = table.key.empty() ? "t.tenant_id" : Listed(table.key, "t.");
  return StrCat("SELECT s.content, s.key FROM (SELECT ", wanted, " AS content, ", KeySql(table),
                " AS key, row_number() OVER w AS n, sum(octet_length(t::text)) OVER w AS "
                "bytes FROM ",
                qualified, " t WHERE t.tenant_id = $1 ",
                first ? "" : StrCat("AND ", ComparedSql(table, qualified, ">", "$3")),
                " WINDOW w AS (ORDER BY ", order, ") ORDER BY ", order,
                " LIMIT $2) s WHERE s.n = 1 OR s.bytes <= ", kPageBytes, " ORDER BY s.n");
}

std::string UntilSql(const Described& table, const std::string& qualified, bool first) {
  return StrCat("SELECT ", kDigest, ", ", KeySql(table), " FROM ", qualified,
                " t WHERE t.tenant_id = $1 AND ", ComparedSql(table, qualified, "<=", "$2"),
                first ? "" : StrCat(" AND ", ComparedSql(table, qualified, ">", "$3")));
}

std::string LastSql(const Described& table, const std::string& qualified) {
  const std::string order = table.key.empty() ? "t.tenant_id" : Listed(table.key, "t.", " DESC, ");
  return StrCat("SELECT ", KeySql(table), " FROM ", qualified,
                " t WHERE t.tenant_id = $1 ORDER BY ", order, " DESC LIMIT 1");
}

std::string IsPastSql(const Described& table, const std::string& qualified) {
  if (table.key.empty()) return "SELECT $1::jsonb = $2::jsonb";
  return StrCat("SELECT (", Listed(table.key, "k."), ") >= (", Listed(table.key, "e."),
                ") FROM jsonb_populate_record(NULL::", qualified,
                ", $1) k, jsonb_populate_record(NULL::", qualified, ", $2) e");
}

std::string UpsertSql(const Described& table, const std::string& insert) {
  if (!table.is_parent) return insert;
  std::vector<std::string> key = table.key;
  key.insert(key.begin(), "tenant_id");
  std::vector<std::string> set;
  for (const std::string& column : table.columns) {
    if (std::find(key.begin(), key.end(), column) != key.end()) continue;
    set.push_back(StrCat(column, " = excluded.", column));
  }
  return StrCat(insert, " ON CONFLICT (", absl::StrJoin(key, ", "), ") DO ",
                set.empty() ? "NOTHING" : StrCat("UPDATE SET ", absl::StrJoin(set, ", ")));
}

// By keys, so that what is gone already is not looked at again.
std::string WipeSql(const Described& table, const std::string& qualified) {
  if (table.key.empty()) {
    return StrCat("DELETE FROM ", qualified, " WHERE tenant_id = $1 AND $2 > 0");
  }
  const std::string key = Listed(table.key, "");
  return StrCat("DELETE FROM ", qualified, " t USING (SELECT ", key, " FROM ", qualified,
                " WHERE tenant_id = $1 ORDER BY ", key, " LIMIT $2) d WHERE t.tenant_id = $1 AND ",
                Equal(table.key, "t.", "d."));
}

MovableTable WithSql(const Described& table) {
  const std::string qualified = StrCat("tenant_data.", table.name);
  const std::string insert =
      StrCat("INSERT INTO ", qualified, " (", Listed(table.columns, ""),
             ") OVERRIDING SYSTEM VALUE SELECT ", Listed(table.columns, "r."),
             " FROM unnest($1::", qualified, "[]) r");
  const std::string keys = StrCat("jsonb_populate_recordset(NULL::", qualified, ", $2) k");
  // A row at a time by its key, OFFSET 0: of a table that nobody has analysed the planner would
  // rather read all of the tenant's, for each thousand that changed.
  const std::string with_keys =
      StrCat(" FROM ", keys, " CROSS JOIN LATERAL (SELECT * FROM ", qualified,
             " x WHERE x.tenant_id = $1 AND ", Equal(table.key, "x.", "k."), " OFFSET 0) t");
  const auto named = [&](std::string_view verb, std::string sql) {
    return MovableTable::Query{StrCat("move.", table.name, ".", verb), std::move(sql)};
  };
  return {table.name,
          named("first_page", PageSql(table, qualified, "t::text", /*first=*/true)),
          named("next_page", PageSql(table, qualified, "t::text", /*first=*/false)),
          named("first_digests", PageSql(table, qualified, kDigest, /*first=*/true)),
          named("next_digests", PageSql(table, qualified, kDigest, /*first=*/false)),
          named("first_until", UntilSql(table, qualified, /*first=*/true)),
          named("next_until", UntilSql(table, qualified, /*first=*/false)),
          named("last", LastSql(table, qualified)),
          named("is_past", IsPastSql(table, qualified)),
          named("fetch", StrCat("SELECT t::text, ", kDigest, with_keys)),
          named("look", StrCat("SELECT ", kDigest, with_keys)),
          named("insert", StrCat(insert, " ON CONFLICT DO NOTHING")),
          named("remove", StrCat("DELETE FROM ", qualified, " t USING ", keys,
                                 " WHERE t.tenant_id = $1 AND ", Equal(table.key, "t.", "k."),
                                 table.is_parent
                                     ? StrCat(" AND NOT EXISTS (SELECT FROM unnest($3::", qualified,
                                              "[]) r WHERE ", Equal(table.key, "t.", "r."), ")")
                                     : "")),
          named("upsert", UpsertSql(table, insert)),
          named("wipe", WipeSql(table, qualified))};
}

}  // namespace

absl::StatusOr<std::vector<MovableTable>> ReadMovableTables(postgres::Door& door,
                                                            absl::Time deadline) {
  ASSIGN_OR_RETURN(const Result rows,
                   door.Run(deadline, [](Transaction& tx) { return tx.Run(kRead); }));
  std::vector<Described> waiting;
  std::set<std::string> parents;
  for (const Row& row : rows) {
    const auto refers_to = row.Get<std::vector<std::string>>(3);
    waiting.push_back({row.Get<std::string>(0),
                       row.Get<std::vector<std::string>>(1),
                       row.Get<std::vector<std::string>>(2),
                       {refers_to.begin(), refers_to.end()}});
    parents.insert(refers_to.begin(), refers_to.end());
  }
  std::vector<MovableTable> ordered;
  std::set<std::string> placed;
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), [&](const Described& table) {
      return std::includes(placed.begin(), placed.end(), table.parents.begin(),
                           table.parents.end());
    });
    if (next == waiting.end()) return absl::InternalError("tables refer to each other in a circle");
    next->is_parent = parents.contains(next->name);
    placed.insert(next->name);
    ordered.push_back(WithSql(*next));
    waiting.erase(next);
  }
  return ordered;
}

}  // namespace kasbah::tenantdata
