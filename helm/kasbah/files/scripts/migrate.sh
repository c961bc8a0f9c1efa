# Brings the schema to this version. A database that is ahead of it, as after a rollback, is left as it
# is: migrations only add, and an older process works with them.
set -eu
migrations=${KASBAH_MIGRATIONS:-/run/kasbah/scripts/migrations.txt}

# Applied, and not of this version. Nothing where there is no schema yet.
ahead() {
  PGPASSWORD=$(cat "$KASBAH_PASSWORD_FILE") PGCONNECT_TIMEOUT=10 psql -XAtq "$KASBAH_DSN" \
    -c "SELECT to_regclass('core.migrations') IS NOT NULL" >/tmp/there
  [ "$(cat /tmp/there)" = t ] || return 0
  PGPASSWORD=$(cat "$KASBAH_PASSWORD_FILE") psql -XAtq "$KASBAH_DSN" \
    -c "SELECT schema_name || '/' || name FROM core.migrations" >/tmp/applied
  grep -vxFf "$migrations" /tmp/applied || true
}

newer=$(ahead)
if [ -n "$newer" ]; then
  printf 'the schema is ahead of this version, nothing is changed:\n%s\n' "$newer"
  exit 0
fi
exec kasbah migrate --dsn "$KASBAH_DSN" --password-file "$KASBAH_PASSWORD_FILE"
