# Makes roles and database, once, as a superuser whose password is in a libpq password file.
set -eu
# libpq ignores a password file that others can read.
install -m 0600 /run/kasbah/admin/pgpass /tmp/pgpass
export PGPASSFILE=/tmp/pgpass
exec kasbah migrate --bootstrap "$KASBAH_ADMIN_DSN" --passwords /run/kasbah/passwords \
  --database "$KASBAH_DATABASE"
