#include "libs/postgres/role_check.h"

#include "libs/base/strings.h"

namespace kasbah::postgres::internal {
namespace {

// The first release without the known faults of row-level security (CVE-2025-8713 the newest).
constexpr int kOldestServer = 150014;

constexpr char kRoleFaults[] = R"sql(
SELECT 'role ' || rolname || ' has ' || attribute
FROM pg_roles, LATERAL (VALUES
  ('SUPERUSER', rolsuper), ('BYPASSRLS', rolbypassrls), ('CREATEROLE', rolcreaterole),
  ('CREATEDB', rolcreatedb), ('REPLICATION', rolreplication)) a (attribute, has)
WHERE rolname = current_user AND has
UNION ALL
SELECT 'role ' || current_user || ' may act as ' || r.rolname
FROM pg_roles r
WHERE r.rolname <> current_user AND pg_has_role(current_user, r.oid, 'MEMBER')
UNION ALL
SELECT 'role ' || current_user || ' owns ' || d.kind || ' ' || d.name
FROM (
  SELECT 'relation', oid::regclass::text, relowner FROM pg_class
  UNION ALL SELECT 'schema', nspname, nspowner FROM pg_namespace
  UNION ALL SELECT 'function', oid::regprocedure::text, proowner FROM pg_proc
  UNION ALL SELECT 'database', datname, datdba FROM pg_database
) d (kind, name, owner)
JOIN pg_roles r ON r.oid = d.owner
WHERE r.rolname = current_user
UNION ALL
SELECT 'role ' || current_user || ' may CREATE in schema ' || nspname
FROM pg_namespace
WHERE has_schema_privilege(oid, 'CREATE')
UNION ALL
SELECT 'role ' || current_user || ' may CREATE in database ' || current_database()
WHERE has_database_privilege(current_database(), 'CREATE')
UNION ALL
SELECT 'role ' || current_user || ' may TRUNCATE ' || oid::regclass::text
FROM pg_class
WHERE relkind IN ('r', 'p') AND has_table_privilege(oid, 'TRUNCATE')
)sql";

// Of the tables that the role reaches. No more than any release holds to, for a newer one may have
// migrated the database: the rest is the gate's (CheckCatalog), after each migration.
constexpr char kTableFaults[] = R"sql(
WITH reached AS (
  SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\_%'
    AND n.nspname <> 'information_schema'
    AND c.oid IS DISTINCT FROM to_regclass('core.migrations')
    AND has_schema_privilege(n.oid, 'USAGE')
    AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')
         OR has_table_privilege(c.oid, 'DELETE'))
)
SELECT oid::regclass::text || ': row-level security is not enabled and forced'
FROM reached WHERE NOT (relrowsecurity AND relforcerowsecurity)
UNION ALL
SELECT r.oid::regclass::text || ': policy ' || p.polname || ' lets everybody at rows of any tenant'
FROM reached r JOIN pg_policy p ON p.polrelid = r.oid,
  LATERAL (VALUES (p.polqual), (p.polwithcheck)) e (condition)
WHERE p.polpermissive AND 0 = ANY (p.polroles)
  AND regexp_replace(pg_get_expr(e.condition, r.oid), '\s+', ' ', 'g') NOT LIKE ALL (ARRAY[
    '((tenant_id = (NULLIF(current_setting(''kasbah.tenant''::text, true), ''''::text))::uuid)'
    ' AND%',
    '((tenant_id = ( SELECT (NULLIF(current_setting(''kasbah.tenant''::text, true), ''''::text))'
    '::uuid AS "nullif")) AND%'])
)sql";

}  // namespace

std::vector<std::string> FaultsOf(pqxx::connection_base& connection, int server_version) {
  std::vector<std::string> faults;
  if (server_version < kOldestServer) {
    faults.push_back(StrCat("the server's version is ", server_version / 10000, ".",
                            server_version % 10000, "; 15.14 is the oldest supported"));
  }
  pqxx::nontransaction transaction(connection);
  for (const char* query : {kRoleFaults, kTableFaults}) {
    for (const auto& row : transaction.exec(query)) faults.push_back(row[0].as<std::string>());
  }
  return faults;
}

}  // namespace kasbah::postgres::internal
