#!/usr/bin/env bash
# An install without a cluster: what the chart's trial renders runs here, in the order that its pods have.
# PostgreSQL with TLS, verified; roles, migrations, certificates and files made by the chart's own scripts;
# the five processes on the settings that it renders, each at an address of its own; the calls of helm test.
set -euo pipefail
services=(auth vault tenant-data webhook audit)
for name in kasbah "${services[@]/#/kasbah-}"; do
  [ -x "$KASBAH_BIN/$name" ] || { echo "skipped: $name is not built (make build)"; exit 77; }
done
PATH=$KASBAH_BIN:/usr/lib/postgresql/15/bin:$PATH
scripts=$PWD/helm/kasbah/files/scripts
work=$(mktemp -d)
chmod 0755 "$work"
pids=()
as_postgres() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  as_postgres pg_ctl -D "$work/postgres/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT
fail() {
  echo "$*"
  exit 1
}

# --- PostgreSQL, as an operator would give it: TLS by an authority of its own, a superuser with a password.
host=k-kasbah-pg-rw
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$work/postgres" "$work/database-ca"
[ "$(id -u)" -ne 0 ] || chown postgres "$work/postgres"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$host" -days 1 \
  -addext "subjectAltName=DNS:$host" -keyout "$work/server.key" -out "$work/database-ca/ca.crt" 2>/dev/null
openssl rand -hex 16 >"$work/superuser"
chmod 0644 "$work/superuser"
as_postgres initdb -D "$work/postgres/data" -U postgres --auth=scram-sha-256 --pwfile="$work/superuser" >/dev/null
cp "$work/database-ca/ca.crt" "$work/postgres/data/server.crt"
cp "$work/server.key" "$work/postgres/data/server.key"
printf 'hostssl all all 127.0.0.0/8 scram-sha-256\nhostnossl all all all reject\n' >"$work/postgres/data/pg_hba.conf"
[ "$(id -u)" -ne 0 ] || chown -R postgres "$work/postgres"
chmod 0600 "$work/postgres/data/server.key"
as_postgres pg_ctl -D "$work/postgres/data" -w -l "$work/postgres/log" start \
  -o "-c ssl=on -c port=$port -c unix_socket_directories='' -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off" >/dev/null

# --- What the chart renders, with a folder of this test's for each path, and an address for each service.
python3 - "$work" <<'PYTHON'
import pathlib
import sys

sys.path.insert(0, "tests/deploy")
from chart_drift import settings_of

for process, settings in settings_of("trial").items():
    pathlib.Path(sys.argv[1], f"{process}.rendered").write_text(settings)
PYTHON
address=11
declare -A address_of
for service in "${services[@]}"; do
  address_of[$service]=127.0.77.$address
  address=$((address + 1))
done
translate() { # <service>: the rest comes on standard input
  local pod=$work/pods/$1 edits=()
  for peer in "${services[@]}"; do
    edits+=(-e "s#dns:///k-kasbah-$peer.prod.svc:#${address_of[$peer]}:#")
  done
  sed -e "s#0\.0\.0\.0:#${address_of[$1]}:#" -e "s#/run/kasbah/database-ca#$work/database-ca#" \
    -e "s#/run/kasbah#$pod/run#" -e "s#/var/lib/kasbah#$pod/lib#" \
    -e "s#host=$host port=5432#host=$host hostaddr=127.0.0.1 port=$port#" "${edits[@]}"
}
dsn() { # <role>: YAML folds the line
  sed -n "/^ *dsn: .*user=kasbah_auth /{N;s/\n */ /;s/^ *dsn: //;s/user=kasbah_auth /user=$1 /;p}" "$work/auth.yaml"
}
for service in "${services[@]}"; do
  mkdir -p "$work/pods/$service"/{run/files,lib}
  translate "$service" <"$work/$service.rendered" >"$work/$service.yaml"
done

# --- Secrets that somebody makes before.
mkdir "$work/passwords"
for role in $(grep -ho 'kasbah_[a-z_]*$' "$work"/*.rendered | sort -u) kasbah_migrator kasbah_backup; do
  openssl rand -hex 16 >"$work/passwords/$role"
done
for service in "${services[@]}"; do ln -s "$work/passwords" "$work/pods/$service/run/passwords"; done
# As the kubelet mounts a Secret: a link to a link, in a directory that is sticky.
files=$work/pods/vault/run/files
mkdir "$files/..version"
kasbah-vault --init-seal "$files/..version/vault.seal"
chmod 0400 "$files/..version/vault.seal"
ln -s ..version "$files/..data"
ln -s ..data/vault.seal "$files/vault.seal"
chmod 1777 "$files"

# --- make-roles, migrate, and a pod that waits meanwhile.
kasbah migrate --wait 30s --dsn "$(dsn kasbah_webhook)" --password-file "$work/passwords/kasbah_webhook" \
  >"$work/waited" 2>&1 &
waiting=$!
mkdir "$work/admin" "$work/tmp"
echo "$host:$port:*:postgres:$(cat "$work/superuser")" >"$work/admin/pgpass"
sed -e "s#/tmp/#$work/tmp/#g" -e "s#/run/kasbah#$work#g" "$scripts/make-roles.sh" >"$work/make-roles.sh"
cp "$scripts/until-answers.sh" "$work/"
KASBAH_ADMIN_DSN="$(dsn postgres | sed 's/dbname=kasbah/dbname=postgres/')" KASBAH_DATABASE=kasbah \
  sh "$work/make-roles.sh"
KASBAH_MIGRATIONS=helm/kasbah/files/migrations.txt KASBAH_PASSWORD_FILE=$work/passwords/kasbah_migrator \
  KASBAH_TRUST_DOMAIN=$(sed -n "s/^trustDomain: //p" tests/deploy/values/trial.yaml) \
  KASBAH_DSN=$(dsn kasbah_migrator) sh "$scripts/migrate.sh" | tail -1
wait "$waiting" || fail "a pod did not see the schema: $(cat "$work/waited")"
grep -q 'waiting for the schema' "$work/waited" || fail 'a pod did not wait for the schema'

# --- make-certificates, and again when the tenant is known.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1 \
  -addext subjectAltName=DNS:localhost -keyout "$work/server.key" -out "$work/ca.crt" 2>/dev/null
echo token >"$work/token"
python3 tests/deploy/secrets_server.py "$work" &
pids+=($!)
for _ in $(seq 50); do [ -s "$work/port" ] && break; sleep 0.1; done
certificates() { # <identity>…
  KASBAH_ACCOUNT=$work KASBAH_API_SERVER=https://localhost:$(cat "$work/port") KASBAH_NAMESPACE=prod \
    KASBAH_CA_SECRET=k-kasbah-ca KASBAH_SECRET_PREFIX=k-kasbah-tls- KASBAH_TRUST_DOMAIN=kasbah.test \
    KASBAH_TMP=$work/tmp KASBAH_IDENTITIES="$*" sh "$scripts/make-certificates.sh" >/dev/null
}
certificates operator-chart=operator/chart $(printf '%s ' "${services[@]}" | sed 's/\([a-z-]*\) /\1=service\/\1 /g')

# --- prepare, then the processes.
for service in "${services[@]}"; do
  pod=$work/pods/$service
  ln -s "$work/secrets/k-kasbah-tls-$service" "$pod/run/tls"
  KASBAH_STORAGE=$pod/lib sh "$scripts/prepare.sh"
  "kasbah-$service" --config "$work/$service.yaml" >"$work/$service.log" 2>&1 &
  pids+=($!)
done
for service in "${services[@]}"; do
  tries=0
  until curl -sf -o /dev/null "http://${address_of[$service]}:9090/readyz"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "$service is not ready: $(tail -3 "$work/$service.log")"
    sleep 0.2
  done
done

# --- helm test.
helm template k helm/kasbah --kube-version 1.34.0 -n prod -f tests/deploy/values/trial.yaml -s templates/helm-test.yaml |
  sed -n '/^  contexts.yaml: |/,/^---/p' | sed -e '1d;$d' -e 's/^    //' \
  -e "s#/tmp/#$work/tmp/#" -e "s#/run/kasbah/operator#$work/secrets/k-kasbah-tls-operator-chart#" \
  -e "s#/run/kasbah/program#$work/secrets/k-kasbah-tls-helm-test#" >"$work/contexts"
translate auth <"$work/contexts" >"$work/contexts.yaml"
export KASBAH_CONFIG=$work/contexts.yaml
tenant=$(kasbah tenants create helm-test -o json | sed -n 's/.*"tenant_id": "\(ten_[0-9a-z]*\)".*/\1/p')
certificates "helm-test=tenant/$tenant/workload/helm-test"
KASBAH_TMP=$work/tmp KASBAH_TENANT=$tenant sh "$scripts/smoke.sh"
echo 'what the chart renders was installed, and answered its calls'
