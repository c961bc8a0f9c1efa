#!/usr/bin/env bash
# A backup is taken, sealed, restored beside what runs, checked and put in its place: restore.sh KASBAH
#
# Word by word what docs/operators-guide.md tells operators to do.
set -euo pipefail
kasbah=$1
source "$(dirname "$0")/left_behind.sh"
directory=$(mktemp -d "/tmp/kasbah restore XXXXXX")
chmod 755 "$directory"
home=$directory/installation
export KASBAH_CONFIG=$home/contexts.yaml
output=$directory/output
finish() {
  "$kasbah" dev down --directory "$home" >/dev/null 2>&1 || true
  rm -rf "$directory"
}
trap finish EXIT
fail() {
  echo "FAILED: $*" >&2
  cat "$output" >&2
  exit 1
}
demo() { "$kasbah" --context demo "$@" >"$output" 2>&1; }
record() { demo records create --collection notes --values "{\"title\": \"$1\", \"body\": \"sealed\"}"; }

"$kasbah" dev up --detach --directory "$home" >"$output" 2>&1 || fail "it did not start"
server="host=127.0.0.1 port=$(cat "$home/postgres/port")"
admin="$server user=postgres password=$(cat "$home/postgres/password")"

record before || fail "no record was made"
printf %s 'only the vault knows' | demo secrets create prod/db-url || fail "no secret was made"
demo audit checkpoint -o json || fail "the trail has no head"
sed -n 's/.*"verifier_key": "\(.*\)".*/\1/p' "$output" >"$directory/log.key"
demo audit verify-live --key "$directory/log.key" --state "$directory/head" || fail "no head was kept"

echo "a dump by the role kasbah_backup, sealed for whoever holds the backup key"
openssl req -x509 -newkey rsa:3072 -nodes -keyout "$directory/backup.key" -out "$directory/backup.crt" \
  -subj /CN=backup >"$output" 2>&1 || fail "no key for backups"
PGPASSWORD=$(cat "$home/passwords/kasbah_backup") \
  pg_dump --format=custom "$server dbname=kasbah user=kasbah_backup" 2>"$output" |
  openssl cms -encrypt -binary -aes-256-gcm -stream -outform DER -out "$directory/kasbah.dump.cms" \
    "$directory/backup.crt" || fail "no dump was made"
if grep -q 'only the vault knows' "$directory/kasbah.dump.cms"; then fail "the dump is not sealed"; fi

record after || fail "no second record was made"

echo "restored beside what runs"
"$kasbah" migrate --bootstrap "$admin" --passwords "$home/passwords" --database kasbah_restored \
  >"$output" 2>&1 || fail "no database was made"
openssl cms -decrypt -inform DER -in "$directory/kasbah.dump.cms" -inkey "$directory/backup.key" \
  -recip "$directory/backup.crt" -out "$directory/kasbah.dump" || fail "the dump does not open"
pg_restore --clean --if-exists --single-transaction --exit-on-error \
  --dbname="$admin dbname=kasbah_restored" "$directory/kasbah.dump" >"$output" 2>&1 ||
  fail "the dump cannot be restored"

echo "the gate: every rule of row-level security and of roles holds in the copy"
gate() {
  "$kasbah" migrate --check --dsn "$server user=kasbah_migrator dbname=kasbah_restored" \
    --password-file "$home/passwords/kasbah_migrator" >"$output" 2>&1
}
gate || fail "the restored database breaks the rules"
psql -Xq "$admin dbname=kasbah_restored" -c 'ALTER TABLE vault.secrets NO FORCE ROW LEVEL SECURITY'
if gate; then fail "a table without forced row-level security was let through"; fi
grep -q 'vault.secrets' "$output" || fail "the gate does not name the table"
psql -Xq "$admin dbname=kasbah_restored" -c 'ALTER TABLE vault.secrets FORCE ROW LEVEL SECURITY'

echo "put in its place while everything runs"
psql -Xq -v ON_ERROR_STOP=1 "$admin dbname=postgres" >"$output" 2>&1 <<'END' || fail "they did not change places"
ALTER DATABASE kasbah ALLOW_CONNECTIONS false;
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'kasbah';
ALTER DATABASE kasbah RENAME TO kasbah_before;
ALTER DATABASE kasbah_restored RENAME TO kasbah;
END
for attempt in $(seq 60); do
  if demo records list --collection notes; then break; fi
  [ "$attempt" != 60 ] || fail "the services did not come back"
done
grep -q '"title":"before"' "$output" || fail "what was backed up is not there"
if grep -q '"title":"after"' "$output"; then fail "what came after the backup is there"; fi
grep -q '"body":"sealed"' "$output" || fail "a sealed value does not open"
demo secrets access prod/db-url || fail "a secret does not open"
grep -q 'only the vault knows' "$output" || fail "a secret is not what it was"
demo audit verify-live --key "$directory/log.key" --state "$directory/head" ||
  fail "the trail does not go on from the head that was kept"
demo audit export --out "$directory/trail.jsonl" || fail "the trail cannot be exported"
demo audit verify "$directory/trail.jsonl" --key "$directory/log.key" --checkpoint "$directory/head" ||
  fail "the restored trail does not verify"
cat "$output"

"$kasbah" dev down --directory "$home" >"$output" 2>&1 || fail "it did not stop"
! left_behind "$home" || fail "a process was left behind"
