#!/usr/bin/env bash
# backup_restore.sh passes|gate|trail|restored: the chart's own scripts against a running Kasbah. `passes`: the calls
# of helm test, a dump by the backup role, encrypted, and the restore test on it; `gate`, `trail`: it names
# what is wrong with a dump of a database that somebody changed; `restored`: it takes a server that
# somebody restored, but not the one that is in use.
set -euo pipefail
scripts=$PWD/helm/kasbah/files/scripts
for binary in kasbah kasbah-auth kasbah-vault kasbah-audit; do
  [ -x "$KASBAH_BIN/$binary" ] || { echo "skipped: $binary is not built (make build)"; exit 77; }
done
PATH=$KASBAH_BIN:$PATH
work=$(mktemp -d)
chmod 0755 "$work"
trap 'kasbah dev down --directory "$work/dev" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

# PostgreSQL does not run as root.
as_user() {
  if [ "$(id -u)" -eq 0 ]; then
    chown -R postgres "$work/copy" "$work/run"
    setpriv --reuid=postgres --regid=postgres --clear-groups env PATH="$PATH" "$@"
  else
    env "$@"
  fi
}

kasbah dev up --detach --directory "$work/dev" >"$work/up"
tenant=$(grep -o 'ten_[0-9a-z]*' "$work/up" | head -1)
port=$(sed -n 's/.*host=127.0.0.1 port=\([0-9]*\).*/\1/p' "$work/dev/config/auth.yaml" | head -1)

mkdir -p "$work/backups" "$work/run"/{identity,vault,log-keys}
age-keygen -o "$work/run/identity/identity" 2>/dev/null
age-keygen -y "$work/run/identity/identity" >"$work/recipients"
backup() {
  KASBAH_WORK=$work KASBAH_BACKUPS=$work/backups KASBAH_KEEP_DAYS=7 \
    KASBAH_RECIPIENTS=$work/recipients KASBAH_PASSWORD_FILE=$work/dev/passwords/kasbah_backup \
    KASBAH_DSN="host=127.0.0.1 port=$port dbname=${1:-kasbah} user=kasbah_backup" sh "$scripts/backup.sh"
}
cp "$work/dev/vault.seal" "$work/run/vault.seal"
cp -r "$work/dev/shares" "$work/run/shares"
cat >"$work/run/vault/vault.yaml" <<VAULT
seal_file: $work/run/vault.seal
shares: {directory: $work/run/shares}
VAULT
roles=$(ls "$work/dev/passwords" | tr '\n' ' ')
# The copy's services listen there; cases run beside each other.
case $1 in gate) first_port=19201 ;; trail) first_port=19401 ;; restored) first_port=19601 ;; *) first_port=19001 ;; esac
export KASBAH_FIRST_PORT=$first_port
pools=(
  KASBAH_POOLS_AUTH='database=kasbah_auth relay=kasbah_auth_relay resolver=kasbah_auth_resolver'
  KASBAH_POOLS_VAULT='database=kasbah_vault relay=kasbah_vault_relay root=kasbah_vault_root upkeep=kasbah_vault_upkeep'
  KASBAH_POOLS_AUDIT='database=kasbah_audit relay=kasbah_audit_relay ingest=kasbah_audit_ingest upkeep=kasbah_audit_upkeep incidents=kasbah_audit_incidents'
)
restore() {
  rm -rf "$work/copy"
  mkdir "$work/copy"
  as_user KASBAH_WORK="$work/copy" KASBAH_RUN="$work/run" KASBAH_BACKUPS="$work/backups" \
    KASBAH_TRUST_DOMAIN=kasbah.dev KASBAH_ROLES="$roles" \
    "${pools[@]}" sh "$scripts/restore-test.sh"
}
refuses() { # <what it has to say>
  backup
  if restore >"$work/said" 2>&1; then echo "passed, though: $1"; exit 1; fi
  grep -q "$1" "$work/said" || { cat "$work/said"; echo "did not say: $1"; exit 1; }
}
superuser() {
  PGPASSWORD=$(cat "$work/dev/postgres/password") psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 \
    -p "$port" -U postgres -d kasbah -c "$1"
}

case $1 in
  gate)
    superuser 'ALTER TABLE vault.secrets NO FORCE ROW LEVEL SECURITY'
    refuses 'vault.secrets: row-level security is not enabled and forced'
    exit
    ;;
  restored)
    cp -r "$work/dev/passwords" "$work/run/passwords"
    server() { # <production's host>
      rm -rf "$work/copy"
      mkdir "$work/copy"
      as_user KASBAH_WORK="$work/copy" KASBAH_RUN="$work/run" KASBAH_RESTORED_HOST=127.0.0.1 \
        KASBAH_PRODUCTION_HOST="$1" KASBAH_DATABASE_DSN="port=$port dbname=kasbah sslmode=disable" \
        KASBAH_TRUST_DOMAIN=kasbah.dev "${pools[@]}" sh "$scripts/restore-test.sh"
    }
    for same in 127.0.0.1 localhost; do
      if server "$same" >"$work/said" 2>&1; then echo 'production was taken for a copy'; exit 1; fi
      grep -q 'is the database that is in use' "$work/said" || { cat "$work/said"; exit 1; }
    done
    # Nothing answers there, as when production is lost.
    server 127.0.0.9
    exit
    ;;
  trail)
    superuser "UPDATE audit.event SET body = set_byte(body, length(body) - 4, 32)
      WHERE tenant_id <> '00000000-0000-7000-8000-000000000000' AND seq = 3"
    refuses 'does not prove itself'
    exit
    ;;
esac

# helm test's calls: the demo tenant's certificate stands for that of its program helm-test.
cat >"$work/smoke.yaml" <<CONTEXTS
current: operator
contexts:
  operator:
$(sed -n '/^  dev:/,$p' "$work/dev/contexts.yaml" | tail -n +2)
  program:
$(sed -n '/^  demo:/,/^  dev:/p' "$work/dev/contexts.yaml" | sed '1d;$d' |
  sed "s#api_key_file: .*#api_key_file: $work/api-key#")
CONTEXTS
KASBAH_CONFIG=$work/smoke.yaml KASBAH_TMP=$work KASBAH_TENANT=$tenant sh "$scripts/smoke.sh"

touch -d '10 days ago' "$work/backups/kasbah-20200101T000000Z.dump.age"
touch -d '5 days ago' "$work/backups/kasbah-20200102T000000Z.dump.age"
backup
[ ! -e "$work/backups/kasbah-20200101T000000Z.dump.age" ] || { echo 'an old dump was kept'; exit 1; }
[ -e "$work/backups/kasbah-20200102T000000Z.dump.age" ] || { echo 'a young dump was deleted'; exit 1; }
if backup absent 2>"$work/absent"; then echo 'a dump of nothing passed'; exit 1; fi
if ls "$work/backups" | grep -q part; then echo 'a failed dump left something behind'; exit 1; fi
rm "$work/backups/kasbah-20200102T000000Z.dump.age"

restore
