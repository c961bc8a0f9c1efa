# Waits until every migration of this version was applied. More of them are no matter: that is what a
# rollback finds. Ends with 1 after KASBAH_WAIT_SECONDS, saying what it waited for.
set -eu
migrations=${KASBAH_MIGRATIONS:-/run/kasbah/scripts/migrations.txt}

# The password file is read each time: it may be mounted, or rotated, while we wait.
missing() {
  PGPASSWORD=$(cat "$KASBAH_PASSWORD_FILE") PGCONNECT_TIMEOUT=5 psql -XAtq "$KASBAH_DSN" \
    -c "SELECT schema_name || '/' || name FROM core.migrations" |
    awk 'NR == FNR { there[$0] = 1; next } !($0 in there)' - "$migrations"
}

started=$(date +%s)
said=
while :; do
  # awk would take what a failed psql wrote for an empty database.
  if applied=$(missing 2>&1) && [ -z "$applied" ]; then
    echo 'the schema is there'
    exit 0
  fi
  reason=$(printf '%s\n' "$applied" | head -1)
  if [ "$reason" != "$said" ]; then
    echo "waiting for the schema: $reason"
    said=$reason
  fi
  if [ $(($(date +%s) - started)) -ge "${KASBAH_WAIT_SECONDS:-900}" ]; then
    echo "gave up: $reason" >&2
    exit 1
  fi
  sleep 2
done
