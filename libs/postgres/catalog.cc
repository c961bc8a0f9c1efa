// The rules of ARCHITECTURE.md, "PostgreSQL", as queries over the catalog: each returns a line for
// every object that breaks it.
#include "absl/strings/str_join.h"
#include "libs/base/strings.h"
#include "libs/postgres/door_tables.h"
#include "libs/postgres/migration.h"
#include "libs/postgres/tool_error.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

// What the rules share, after `listed`: kDoorTables. Objects of PostgreSQL and of extensions' own
// schemas are not ours to judge; every other schema is.
constexpr char kOurs[] = R"sql(
, ours AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.*, c.oid::regclass::text AS label FROM pg_class c JOIN ours ON ours.oid = c.relnamespace
), tables AS (
  -- core.migrations is the one table without tenants' or the installation's data.
  SELECT * FROM relations
  WHERE relkind IN ('r', 'p') AND oid IS DISTINCT FROM to_regclass('core.migrations')
), tenant_tables AS (
  SELECT t.* FROM tables t
  WHERE EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'tenant_rows')
), logins AS (
  SELECT oid, rolname FROM pg_roles WHERE rolname LIKE 'kasbah\_%' AND rolname <> 'kasbah_owner'
), doors AS (
  SELECT r.oid, l.* FROM listed l JOIN pg_roles r ON r.rolname = l.role
), grants AS (
  -- Of tables and of columns.
  SELECT r.*, a.grantee, a.privilege_type, a.is_grantable,
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS to_whom
  FROM relations r, LATERAL (
    SELECT * FROM aclexplode(r.relacl)
    UNION SELECT e.* FROM pg_attribute c, aclexplode(c.attacl) e WHERE c.attrelid = r.oid) a
  WHERE a.grantee <> r.relowner
), policies AS (
  SELECT t.oid, t.label, p.polname, r.role,
    CASE r.role WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(r.role) END AS to_whom,
    CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
      WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS verb
  FROM tables t JOIN pg_policy p ON p.polrelid = t.oid, unnest(p.polroles) r (role)
  WHERE p.polpermissive AND p.polname <> 'tenant_rows'
)
)sql";

constexpr const char* kRules[] = {
    // Row-level security.
    R"sql(SELECT label || ': row-level security is not enabled and forced'
    FROM tables WHERE NOT (relrowsecurity AND relforcerowsecurity))sql",

    R"sql(SELECT label || ': no policy'
    FROM tables t WHERE NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid))sql",

    // With a customer_id, whenever it came, the customer's scope too. The scope is asked for row by
    // row, or once a statement (core.ask_scope_once).
    R"sql(SELECT t.label || ': policy ' || p.polname || ' is not the one of core.protect'
    FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
    WHERE p.polname = 'tenant_rows' AND NOT (
      p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
      AND pg_get_expr(p.polqual, p.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid)
      AND EXISTS (
        SELECT FROM (VALUES
          ('(NULLIF(current_setting(''kasbah.tenant''::text, true), ''''::text))::uuid',
           'current_setting(''kasbah.customer_scope''::text, true)'),
          ('( SELECT (NULLIF(current_setting(''kasbah.tenant''::text, true), ''''::text))::uuid'
           ' AS "nullif")',
           '( SELECT current_setting(''kasbah.customer_scope''::text, true) AS current_setting)'))
          AS asked (tenant, scope)
        WHERE regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\s+', ' ', 'g') =
          '((tenant_id = ' || asked.tenant || ') AND ' || CASE WHEN EXISTS (
            SELECT FROM pg_attribute a
            WHERE a.attrelid = t.oid AND a.attname = 'customer_id' AND NOT a.attisdropped)
          THEN
            'CASE ' || asked.scope || ' WHEN ''all''::text THEN true'
            ' WHEN ''''::text THEN false ELSE ((customer_id)::text = ' || asked.scope || ') END)'
          ELSE
            '(NULLIF(' || asked.scope || ', ''''::text) IS NOT NULL))' END)))sql",

    // Doors.
    R"sql(SELECT p.label || ': policy ' || p.polname || ' lets ' || p.to_whom || ' ' || p.verb ||
      ', which is no listed door'
    FROM policies p
    WHERE NOT EXISTS (SELECT FROM doors d
                      WHERE d.oid = p.role AND d.label = p.label AND p.verb = ANY (d.verbs)))sql",

    R"sql(SELECT t.label || ': ' || d.role || ' may ' || v.verb || ' ' || a.attname ||
      ', which its door does not show'
    FROM doors d JOIN tables t USING (label) JOIN pg_attribute a ON a.attrelid = t.oid,
      unnest(d.verbs) v (verb)
    WHERE d.columns <> '{}' AND v.verb <> 'DELETE' AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname <> ALL (d.columns)
      AND has_column_privilege(d.oid, t.oid, a.attnum, v.verb))sql",

    R"sql(SELECT p.label || ': policy ' || p.polname || ' lets ' || p.to_whom || ' ' || p.verb ||
      ', who was not granted that'
    FROM policies p
    WHERE p.to_whom <> 'kasbah_owner' AND p.verb <> 'ALL' AND NOT EXISTS (
      SELECT FROM grants g
      WHERE g.oid = p.oid AND g.grantee = p.role AND g.privilege_type = p.verb))sql",

    R"sql(SELECT DISTINCT g.label || ': ' || g.to_whom ||
      ' has rights on a table that is not a tenant''s'
    FROM tables t JOIN grants g USING (oid) JOIN logins l ON l.oid = g.grantee
    WHERE t.oid NOT IN (SELECT oid FROM tenant_tables) AND l.oid NOT IN (SELECT oid FROM doors)
      AND l.rolname NOT IN ('kasbah_migrator', 'kasbah_backup'))sql",

    // Keys.
    R"sql(SELECT t.label || ': unique index ' || i.indexrelid::regclass::text ||
      ' does not start with tenant_id'
    FROM tenant_tables t JOIN pg_index i ON i.indrelid = t.oid
    WHERE i.indisunique AND NOT EXISTS (
      SELECT FROM pg_attribute a
      WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND a.attnum = i.indkey[0]))sql",

    R"sql(SELECT t.label || ': exclusion constraint ' || x.conname ||
      ' does not start with tenant_id WITH ='
    FROM tenant_tables t JOIN pg_constraint x ON x.conrelid = t.oid AND x.contype = 'x'
    WHERE NOT EXISTS (
      SELECT FROM pg_attribute a JOIN pg_operator o ON o.oid = x.conexclop[1]
      WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND a.attnum = x.conkey[1]
        AND o.oprname = '='))sql",

    R"sql(SELECT t.label || ': no primary key'
    FROM tenant_tables t
    WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary))sql",

    R"sql(SELECT t.label || ': foreign key ' || f.conname || ' does not start with tenant_id'
    FROM tenant_tables t JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
    -- What a door alone reaches is the installation's and has no tenant_id to refer by: auth.users.
    WHERE f.confrelid IN (SELECT oid FROM tenant_tables) AND NOT EXISTS (
      SELECT FROM pg_attribute a JOIN pg_attribute b ON b.attname = a.attname
      WHERE a.attrelid = f.conrelid AND a.attnum = f.conkey[1] AND a.attname = 'tenant_id'
        AND b.attrelid = f.confrelid AND b.attnum = f.confkey[1]))sql",

    // What sees rows without a policy.
    R"sql(SELECT label || ': a view without security_invoker'
    FROM relations
    WHERE relkind = 'v'
       AND NOT coalesce(reloptions, '{}')
           && '{security_invoker=true,security_invoker=on}')sql",

    R"sql(SELECT label || ': a materialized view' FROM relations WHERE relkind = 'm')sql",

    R"sql(SELECT label || ': a foreign table' FROM relations WHERE relkind = 'f')sql",

    R"sql(SELECT p.oid::regprocedure::text || ': SECURITY DEFINER and not on the list'
    FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
    WHERE p.prosecdef AND p.oid::regprocedure::text NOT IN (
      'core.enter(uuid,text)', 'core.enter_any_state(uuid,text)', 'core.claim(text)',
      'audit.extend_partitions()', 'audit.advance_start(uuid,bigint)',
      'audit.delete_pruned(uuid,integer)', 'audit.drop_month(date)',
      'tenant_data.follow_changes(regclass)'))sql",

    R"sql(SELECT p.oid::regprocedure::text || ': SECURITY DEFINER without search_path = '''''
    FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
    WHERE p.prosecdef AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=""'])sql",

    R"sql(SELECT p.oid::regprocedure::text || ': PUBLIC may run it'
    FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
    WHERE p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE'))sql",

    R"sql(SELECT 'set_config: PUBLIC may run it, and enter any tenant with it'
    WHERE has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)',
                                  'EXECUTE'))sql",

    // Roles and grants.
    R"sql(SELECT r.rolname || ': has ' || a.attribute
    FROM pg_roles r JOIN logins USING (oid), LATERAL (VALUES
      ('SUPERUSER', r.rolsuper), ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb),
      ('REPLICATION', r.rolreplication),
      ('BYPASSRLS', r.rolbypassrls AND r.rolname <> 'kasbah_backup')) a (attribute, has)
    WHERE a.has)sql",

    R"sql(SELECT 'kasbah_owner: may log in' FROM pg_roles
    WHERE rolname = 'kasbah_owner' AND rolcanlogin)sql",

    R"sql(SELECT m.rolname || ': is a member of ' || g.rolname
    FROM pg_auth_members j JOIN logins m ON m.oid = j.member JOIN pg_roles g ON g.oid = j.roleid
    WHERE (m.rolname, g.rolname) NOT IN (
      ('kasbah_migrator', 'kasbah_owner'), ('kasbah_backup', 'pg_read_all_data')))sql",

    R"sql(SELECT l.rolname || ': owns ' || r.label
    FROM relations r JOIN logins l ON l.oid = r.relowner
    UNION ALL SELECT l.rolname || ': owns schema ' || o.nspname
    FROM pg_namespace o JOIN logins l ON l.oid = o.nspowner
    UNION ALL SELECT l.rolname || ': owns ' || p.oid::regprocedure::text
    FROM pg_proc p JOIN logins l ON l.oid = p.proowner)sql",

    R"sql(SELECT DISTINCT g.label || ': ' || g.to_whom || ' has ' || g.privilege_type ||
      CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    FROM grants g
    WHERE g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') OR g.is_grantable
      OR (g.grantee = 0 AND g.oid IS DISTINCT FROM to_regclass('core.migrations')))sql",

    // Its next number tells a tenant how busy the others are.
    R"sql(SELECT DISTINCT g.label || ': ' || g.to_whom || ' has rights on a sequence of all tenants'
    FROM grants g WHERE g.relkind = 'S')sql",

    R"sql(SELECT l.rolname || ': may CREATE in schema ' || n.nspname
    FROM logins l, pg_namespace n
    WHERE has_schema_privilege(l.oid, n.oid, 'CREATE') AND l.rolname <> 'kasbah_migrator'
    UNION ALL SELECT l.rolname || ': may ' || p || ' in this database'
    FROM logins l, unnest('{CREATE,TEMPORARY}'::text[]) p
    WHERE has_database_privilege(l.oid, current_database(), p)
       AND l.rolname <> 'kasbah_migrator')sql",

    // Policies are not inherited: who may read a partition directly passes by its parent's.
    R"sql(SELECT DISTINCT g.label || ': a partition with rights of its own for ' || g.to_whom
    FROM grants g WHERE g.relispartition)sql",

    R"sql(SELECT label || ': in schema public' FROM relations
    WHERE relnamespace = to_regnamespace('public'))sql",
};

// The names are ours and need no quoting.
std::string Listed() {
  return StrCat("WITH listed (role, label, verbs, columns) AS (VALUES ",
                absl::StrJoin(internal::kDoorTables, ", ",
                              [](std::string* out, const internal::DoorTable& door) {
                                StrAppend(out, "('", door.role, "', '", door.table, "', '{",
                                          door.verbs, "}'::text[], '{", door.columns,
                                          "}'::text[])");
                              }),
                ")");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> CheckCatalog(const std::string& dsn) {
  std::vector<std::string> faults;
  try {
    pqxx::connection connection(dsn);
    pqxx::nontransaction tx(connection);
    const std::string shared = StrCat(Listed(), kOurs);
    for (const char* rule : kRules) {
      for (const auto& row : tx.exec(StrCat(shared, rule, " ORDER BY 1"))) {
        faults.push_back(row[0].as<std::string>());
      }
    }
  } catch (const std::exception& e) {
    return internal::ToolError("check the catalog", e);
  }
  return faults;
}

}  // namespace kasbah::postgres
