# Brings the schema to this version. A database that is ahead of it, as after a rollback, is left as it
# is: migrations only add, and an older process works with them.
set -eu
. "$(dirname "$0")/until-answers.sh"
migrations=${KASBAH_MIGRATIONS:-/run/kasbah/scripts/migrations.txt}

# As the owner, for the migrator itself has no right to anything.
query() {
  PGPASSWORD=$(cat "$KASBAH_PASSWORD_FILE") PGCONNECT_TIMEOUT=10 psql -XAtq -v ON_ERROR_STOP=1 \
    "$KASBAH_DSN" -c 'SET ROLE kasbah_owner' -c "$1"
}

# Applied, and not of this version. Nothing where there is no schema yet.
ahead() {
  there=$(query "SELECT to_regclass('core.migrations') IS NOT NULL")
  [ "$there" = t ] || return 0
  applied=$(query "SELECT schema_name || '/' || name FROM core.migrations")
  printf '%s\n' "$applied" | grep -vxFf "$migrations" || true
}

# Its roles too are made meanwhile, perhaps.
until_it_answers query 'SELECT 1'
newer=$(ahead)
if [ -n "$newer" ]; then
  printf 'the schema is ahead of this version, nothing is changed:\n%s\n' "$newer"
  exit 0
fi
exec kasbah migrate --dsn "$KASBAH_DSN" --password-file "$KASBAH_PASSWORD_FILE" \
  --trust-domain "$KASBAH_TRUST_DOMAIN"
