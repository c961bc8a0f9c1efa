# Restores the newest dump into a PostgreSQL of this pod's own, or takes the server that somebody restored
# to a point in time ($KASBAH_RESTORED_HOST), and asks the copy two things: whether
# row-level security's gate holds (`kasbah migrate --check`), and whether every tenant's trail still
# proves itself (`kasbah audit verify`), by auth, vault and audit running here on the copy, under an
# authority that is thrown away with it.
#
# The copy must reach nobody. NetworkPolicies say so, and before anything runs on it, what would make
# it act on others is removed: sinks of trails, leases in tenants' databases, deliveries.
set -eu
work=${KASBAH_WORK:-/work}
run=${KASBAH_RUN:-/run/kasbah}
bin=${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
data=$work/postgres
socket=$work/socket
# Of the copy, without the role.
dsn="host=$socket dbname=kasbah"
passwords=$work/passwords
if [ -n "${KASBAH_RESTORED_HOST:-}" ]; then
  dsn="host=$KASBAH_RESTORED_HOST $KASBAH_DATABASE_DSN"
  passwords=$run/passwords
fi
umask 077
mkdir -p "$socket" "$work/passwords" "$work/archive" "$work/trails" "$work/logs"

say() { echo "restore test: $*"; }
fail() {
  say "FAILED: $*" >&2
  exit 1
}
as_migrator() { # <DSN without the role>
  server=$1
  shift
  PGPASSWORD=$(cat "$passwords/kasbah_migrator") PGCONNECT_TIMEOUT=10 psql -XAtq -v ON_ERROR_STOP=1 \
    "$server user=kasbah_migrator" "$@"
}
as_owner() { as_migrator "$dsn" -c 'SET ROLE kasbah_owner' -c 'SET client_min_messages = warning' "$@"; }

pids=
finish() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  "$bin/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1 || true
}
trap finish EXIT

newest_dump() {
  if [ -n "${KASBAH_BUCKET:-}" ]; then
    rclone lsf --include 'kasbah-*.dump.age' ":s3:$KASBAH_BUCKET/$KASBAH_PREFIX" | sort | tail -1
  else
    find "$KASBAH_BACKUPS" -name 'kasbah-*.dump.age' -printf '%f\n' | sort | tail -1
  fi
}
read_dump() {
  if [ -n "${KASBAH_BUCKET:-}" ]; then
    rclone cat ":s3:$KASBAH_BUCKET/$KASBAH_PREFIX/$1"
  else
    cat "$KASBAH_BACKUPS/$1"
  fi
}

start_postgres() {
  "$bin/initdb" -D "$data" -U postgres -E UTF8 --locale=C.UTF-8 --auth=trust >"$work/logs/initdb"
  "$bin/pg_ctl" -D "$data" -w -l "$work/logs/postgres" start \
    -o "-c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=off" >/dev/null
}

restore() {
  # Roles are no part of a dump. Their passwords matter to nobody: only this pod has the socket.
  for role in $KASBAH_ROLES; do openssl rand -hex 16 >"$work/passwords/$role"; done
  kasbah migrate --bootstrap "host=$socket user=postgres dbname=postgres" \
    --passwords "$work/passwords" --database kasbah >/dev/null
  # Bootstrap made it empty; the dump brings it.
  psql -XAtq -h "$socket" -U postgres -d kasbah -c 'DROP SCHEMA core'
  rm -f "$work/broken"
  { read_dump "$1" || touch "$work/broken"; } |
    { age --decrypt --identity "$run/identity/identity" || touch "$work/broken"; } |
    "$bin/pg_restore" -h "$socket" -U postgres -d kasbah --exit-on-error || touch "$work/broken"
  [ ! -e "$work/broken" ] || fail "$1 could not be restored"
}

gate() {
  kasbah migrate --check --dsn "$dsn user=kasbah_migrator" \
    --password-file "$passwords/kasbah_migrator" || fail 'the copy breaks the rules'
}

# Nothing of the copy acts on others.
silence() {
  as_owner -c 'TRUNCATE audit.sink, vault.leases, webhook.queue CASCADE' ||
    fail 'sinks, leases and deliveries could not be removed from the copy'
}

certificate() { # <directory> <SPIFFE path>
  mkdir -p "$work/tls/$1"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / \
    -keyout "$work/tls/$1/tls.key" -out "$work/tls/request" 2>/dev/null
  printf 'subjectAltName=critical,URI:spiffe://%s/%s\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$KASBAH_TRUST_DOMAIN" "$2" >"$work/tls/extensions"
  openssl x509 -req -in "$work/tls/request" -CA "$work/tls/ca.crt" -CAkey "$work/tls/ca.key" \
    -days 2 -extfile "$work/tls/extensions" -out "$work/tls/$1/tls.crt" 2>/dev/null
  cp "$work/tls/ca.crt" "$work/tls/$1/ca.crt"
}

certificates() {
  mkdir -p "$work/tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=restore test' \
    -days 2 -keyout "$work/tls/ca.key" -out "$work/tls/ca.crt" 2>/dev/null
  for service in auth vault audit; do certificate "$service" "service/$service"; done
  certificate operator operator/restore-test
}

port() { # of a service; the admin port is 100 above
  case $1 in auth) offset=0 ;; vault) offset=1 ;; audit) offset=2 ;; *) offset=8 ;; esac
  echo $((${KASBAH_FIRST_PORT:-19001} + offset))
}

# Settings of a service on the copy; what only it has comes on standard input.
settings() { # <service> <section=role>…
  service=$1
  shift
  {
    echo "server: {listen: '127.0.0.1:$(port "$service")', tls_directory: '$work/tls/$service',"
    echo "  admin_listen: '127.0.0.1:$(($(port "$service") + 100))', drain: 1s,"
    [ "$service" = auth ] || echo "  auth_address: '127.0.0.1:$(port auth)',"
    echo "  trust_domain: '$KASBAH_TRUST_DOMAIN'}"
    echo "peers: {audit: '127.0.0.1:$(port audit)', vault: '127.0.0.1:$(port vault)',"
    echo "  webhook: '127.0.0.1:$(port none)', tenant_data: '127.0.0.1:$(port none)'}"
    for pool in "$@"; do
      echo "${pool%=*}: {dsn: '$dsn user=${pool#*=}', password_file: '$passwords/${pool#*=}', connections: 4}"
    done
    cat
  } >"$work/$service.yaml"
}

start() { # <service>
  "kasbah-$1" --config "$work/$1.yaml" >"$work/logs/$1" 2>&1 &
  pids="$pids $!"
  echo "$!" >"$work/$1.pid"
}

# What answers on the port of one that ended is something else.
running() {
  for process in vault auth audit; do
    kill -0 "$(cat "$work/$process.pid")" 2>/dev/null ||
      fail "$process ended on the copy: $(tail -1 "$work/logs/$process")"
  done
}

ready() { # <service>
  tries=0
  until curl -sf -o /dev/null "http://127.0.0.1:$(($(port "$1") + 100))/readyz"; do
    running
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ]; then
      tail -5 "$work/logs/$1" >&2
      fail "$1 is not ready on the copy: $(curl -s "http://127.0.0.1:$(($(port "$1") + 100))/readyz")"
    fi
    sleep 1
  done
  running
}

serve() {
  settings auth $KASBAH_POOLS_AUTH </dev/null
  settings vault $KASBAH_POOLS_VAULT <"$run/vault/vault.yaml"
  echo "archive: {directory: '$work/archive'}" | settings audit $KASBAH_POOLS_AUDIT
  for service in vault auth audit; do start "$service"; done
  for service in vault auth audit; do ready "$service"; done
  cat >"$work/contexts.yaml" <<CONTEXTS
current: copy
contexts:
  copy:
    trust_domain: $KASBAH_TRUST_DOMAIN
    tls_directory: $work/tls/operator
    addresses: {auth: '127.0.0.1:$(port auth)', vault: '127.0.0.1:$(port vault)', audit: '127.0.0.1:$(port audit)'}
CONTEXTS
  export KASBAH_CONFIG="$work/contexts.yaml"
}

# Active tenants' ids as the command line takes them: 26 digits of Crockford's base 32.
tenants() {
  as_owner -f - <<'SQL'
SELECT 'ten_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
    substring(bits FROM i * 5 + 1 FOR 5)::integer + 1, 1), '' ORDER BY i)
FROM (SELECT tenant_id, B'00' || ('x' || replace(tenant_id::text, '-', ''))::bit(128) AS bits
      FROM core.tenants WHERE state = 'active'
        -- The services' own, which nobody may export.
        AND tenant_id <> '00000000-0000-7000-8000-000000000000') t, generate_series(0, 25) i
GROUP BY tenant_id
SQL
}

# The log's key is opened by the vault after the audit is ready, and every checkpoint is signed with it.
checkpoint() { # <tenant>
  tries=0
  until kasbah --tenant "$1" audit checkpoint -o json >"$work/checkpoint" 2>"$work/logs/checkpoint"; do
    running
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "the log of $1 signs nothing: $(head -1 "$work/logs/checkpoint")"
    sleep 1
  done
}

verify() {
  count=0
  for tenant in $(tenants); do
    checkpoint "$tenant"
    key=$run/log-keys/$tenant.key
    if [ ! -e "$key" ]; then
      key=$work/trails/$tenant.key
      sed -n 's/.*"verifier_key": "\([^"]*\)".*/\1/p' "$work/checkpoint" >"$key"
    fi
    kasbah --tenant "$tenant" --timeout 3600 audit export --out "$work/trails/$tenant" 2>/dev/null ||
      fail "the trail of $tenant cannot be exported"
    kasbah audit verify "$work/trails/$tenant" --key "$key" ||
      fail "the trail of $tenant does not prove itself"
    count=$((count + 1))
  done
  [ "$count" -gt 0 ] || fail 'the copy has no active tenant: it proves nothing'
  say "$count trails verified"
}

# Who says that a server is a copy may be wrong, and what follows would be done to production.
no_production() {
  identity='SELECT pg_postmaster_start_time(), inet_server_addr()'
  copy=$(as_migrator "$dsn" -c "$identity") || fail "$KASBAH_RESTORED_HOST cannot be reached"
  production=$(as_migrator "host=$KASBAH_PRODUCTION_HOST $KASBAH_DATABASE_DSN" -c "$identity" 2>/dev/null) ||
    production=
  if [ "$KASBAH_RESTORED_HOST" = "$KASBAH_PRODUCTION_HOST" ] || [ "$copy" = "$production" ]; then
    fail "$KASBAH_RESTORED_HOST is the database that is in use, and no copy"
  fi
}

if [ -n "${KASBAH_RESTORED_HOST:-}" ]; then
  dump=$KASBAH_RESTORED_HOST
  no_production
else
  dump=$(newest_dump)
  [ -n "$dump" ] || fail 'there is no dump'
  say "$dump"
  start_postgres
  restore "$dump"
fi
gate
silence
certificates
serve
verify
say "passed: $dump"
