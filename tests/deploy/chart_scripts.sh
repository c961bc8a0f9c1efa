#!/usr/bin/env bash
# chart_scripts.sh schema|directory|certificates: what the chart's pods run before the processes.
set -euo pipefail
scripts=$PWD/helm/kasbah/files/scripts
work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ -d "$work/dev" ]; then kasbah dev down --directory "$work/dev" >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap finish EXIT
fail() {
  echo "$*"
  exit 1
}

schema() {
  [ -x "$KASBAH_BIN/kasbah" ] || { echo 'skipped: kasbah is not built (make build)'; exit 77; }
  PATH=$KASBAH_BIN:$PATH
  kasbah dev up --detach --directory "$work/dev" >/dev/null
  local port
  port=$(sed -n 's/.*host=127.0.0.1 port=\([0-9]*\).*/\1/p' "$work/dev/config/auth.yaml" | head -1)
  run() { # <script> <role> <migrations> [database]
    KASBAH_MIGRATIONS=$3 KASBAH_WAIT_SECONDS=1 KASBAH_PASSWORD_FILE=$work/dev/passwords/$2 \
      KASBAH_TRUST_DOMAIN=${KASBAH_TRUST_DOMAIN:-kasbah.dev} \
      KASBAH_DSN="host=127.0.0.1 port=$port dbname=${4:-kasbah} user=$2" sh "$scripts/$1" 2>&1
  }
  local list=$PWD/helm/kasbah/files/migrations.txt
  wait_for_schema() { # <database>
    kasbah migrate --wait 1s --password-file "$work/dev/passwords/kasbah_webhook" \
      --dsn "host=127.0.0.1 port=$port dbname=$1 user=kasbah_webhook" 2>&1
  }
  # Any role of a service sees that the schema is there.
  wait_for_schema kasbah >"$work/said" || fail "the schema is there, and it waited: $(cat "$work/said")"
  wait_for_schema absent >"$work/said" && fail 'no database, and it did not wait'
  grep -q '^waiting for the schema: .*absent' "$work/said" || fail "did not say for what: $(cat "$work/said")"
  # One that a release has and the database has not, or not yet.
  as_owner() {
    PGPASSWORD=$(cat "$work/dev/passwords/kasbah_migrator") psql -XAtq -v ON_ERROR_STOP=1 \
      "host=127.0.0.1 port=$port dbname=kasbah user=kasbah_migrator" -c 'SET ROLE kasbah_owner' -c "$1"
  }
  local last digest
  last=$(tail -1 "$list")
  digest=$(as_owner "DELETE FROM core.migrations WHERE (schema_name, name) = ('${last%/*}', '${last#*/}') RETURNING sha256")
  wait_for_schema kasbah >"$work/said" && fail "$last is missing, and it did not wait"
  grep -q "^waiting for the schema: $last\$" "$work/said" || fail "did not say for what: $(cat "$work/said")"
  grep -q "not applied: $last\$" "$work/said" || fail "did not say why it ended: $(cat "$work/said")"
  as_owner "INSERT INTO core.migrations VALUES ('${last%/*}', '${last#*/}', '$digest')"
  head -3 "$list" >"$work/older"

  run migrate.sh kasbah_migrator "$list" >"$work/said" || fail "$(cat "$work/said")"
  grep -q '^0 applied' "$work/said" || fail 'nothing to do, and it did something'
  # Before PostgreSQL lets it in, it says so and waits; a password that is put right is read again.
  local right=$work/dev/passwords/kasbah_migrator
  mv "$right" "$work/right"
  echo wrong >"$right"
  run migrate.sh kasbah_migrator "$list" >"$work/said" &
  local migrating=$!
  for _ in $(seq 100); do grep -q 'waiting for PostgreSQL: ' "$work/said" && break; sleep 0.1; done
  grep -q 'waiting for PostgreSQL: .*password' "$work/said" || fail "did not say for what: $(cat "$work/said")"
  cp "$work/right" "$right"
  wait "$migrating" || fail "let in late, it failed: $(cat "$work/said")"
  grep -q '^0 applied' "$work/said" || fail "let in late, it did something else: $(cat "$work/said")"
  run migrate.sh kasbah_migrator "$work/older" >"$work/said" || fail "after a rollback: $(cat "$work/said")"
  grep -q 'the schema is ahead' "$work/said" || fail "after a rollback: $(cat "$work/said")"
}

directory() {
  mkdir -p "$work/storage"
  for _ in first again; do KASBAH_STORAGE=$work/storage sh "$scripts/prepare.sh"; done
  [ "$(stat -c %a "$work/storage/data")" = 700 ] || fail 'the shared directory is not for its process alone'
}

# An API server that keeps Secrets: what the Job needs of one.
certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1 \
    -addext subjectAltName=DNS:localhost -keyout "$work/server.key" -out "$work/ca.crt" 2>/dev/null
  echo token >"$work/token"
  python3 tests/deploy/secrets_server.py "$work" &
  pids+=($!)
  for _ in $(seq 50); do [ -s "$work/port" ] && break; sleep 0.1; done
  issue() {
    KASBAH_ACCOUNT=$work KASBAH_API_SERVER=https://localhost:$(cat "$work/port") KASBAH_NAMESPACE=prod \
      KASBAH_CA_SECRET=k-ca KASBAH_SECRET_PREFIX=k-tls- KASBAH_TRUST_DOMAIN=kasbah.test KASBAH_TMP=$work/tmp \
      KASBAH_IDENTITIES='vault=service/vault operator-chart=operator/chart ' sh "$scripts/make-certificates.sh"
  }
  mkdir "$work/tmp"
  issue >"$work/said"
  [ "$(grep -c issued "$work/said")" -eq 3 ] || fail "$(cat "$work/said")"
  for name in vault operator-chart; do
    openssl verify -CAfile "$work/secrets/k-ca/tls.crt" "$work/secrets/k-tls-$name/tls.crt" >/dev/null ||
      fail "$name: not of the authority"
    openssl x509 -in "$work/secrets/k-tls-$name/tls.crt" -pubkey -noout >"$work/public"
    openssl pkey -in "$work/secrets/k-tls-$name/tls.key" -pubout | cmp - "$work/public" || fail "$name: another key"
  done
  openssl x509 -in "$work/secrets/k-tls-vault/tls.crt" -noout -ext subjectAltName |
    grep -q 'URI:spiffe://kasbah.test/service/vault$' || fail 'the name is not the one SPIFFE id'
  # Again: what is good stays; what ends soon is made anew, by the same authority.
  cp "$work/secrets/k-tls-vault/tls.crt" "$work/first"
  issue >"$work/said"
  grep -q issued "$work/said" && fail "a good certificate was replaced: $(cat "$work/said")"
  openssl req -x509 -key "$work/secrets/k-ca/tls.key" -subj / -days 20 -out "$work/secrets/k-tls-vault/tls.crt"
  issue >"$work/said"
  grep -q 'k-tls-vault: issued' "$work/said" || fail 'a certificate that ends in 20 days was not replaced'
  openssl verify -CAfile "$work/secrets/k-ca/tls.crt" "$work/secrets/k-tls-vault/tls.crt" >/dev/null
  # A refusal is no success.
  echo wrong >"$work/token"
  if issue >"$work/said" 2>&1; then fail 'the API server refused, and it passed'; fi
}

"$1"
