# Makes roles and database, once, as a superuser whose password is in a libpq password file.
set -eu
. "$(dirname "$0")/until-answers.sh"
export PGPASSFILE=/tmp/pgpass

asked() {
  # libpq ignores a password file that others can read. It is read each time: it may be put right meanwhile.
  install -m 0600 /run/kasbah/admin/pgpass "$PGPASSFILE"
  PGCONNECT_TIMEOUT=10 psql -XAtq "$KASBAH_ADMIN_DSN" -c 'SELECT 1'
}
until_it_answers asked
exec kasbah migrate --bootstrap "$KASBAH_ADMIN_DSN" --passwords /run/kasbah/passwords \
  --database "$KASBAH_DATABASE"
