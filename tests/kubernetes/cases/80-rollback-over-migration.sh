# a rollback over a migration: the older version finds a schema that is ahead of it, leaves it, and serves
# shellcheck shell=bash
as_superuser() {
  # shellcheck disable=SC2016 # the pod's
  kubectl -n kasbah exec deployment/postgres -- sh -c 'PGPASSWORD=$(cat /run/admin/password) psql -XAtq \
    -v ON_ERROR_STOP=1 "host=postgres.kasbah.svc user=postgres dbname=kasbah sslmode=require" -c "$1"' - "$1"
}
load kasbah
as_superuser "ALTER TABLE core.tenants ADD COLUMN of_a_newer_version text;
  INSERT INTO core.migrations (schema_name, name, sha256) VALUES ('core', '9999_of_a_newer_version.sql', '')" ||
  fail 'no migration of a newer version could be feigned'
kubectl -n kasbah delete jobs -l app.kubernetes.io/component=migrate >/dev/null
chart upgrade kasbah --wait --set services.auth.connections.database=7 || fail 'the upgrade did not become ready'
helm rollback kasbah --namespace kasbah --wait --timeout 10m || fail 'the rollback did not become ready'
kubectl -n kasbah wait job -l app.kubernetes.io/component=migrate --for=condition=Complete --timeout=2m >/dev/null ||
  fail 'the migration does not end on a schema that is ahead'
kubectl -n kasbah logs -l app.kubernetes.io/component=migrate --tail=-1 | grep -q 9999_of_a_newer_version ||
  fail 'the migration does not say what the schema is ahead by'
no_call_failed kasbah 'a rollback over a migration'
as_superuser "ALTER TABLE core.tenants DROP COLUMN of_a_newer_version;
  DELETE FROM core.migrations WHERE name = '9999_of_a_newer_version.sql'"
