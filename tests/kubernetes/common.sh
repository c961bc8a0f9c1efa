# What cluster.sh and its cases share; sourced, not run. `kubectl` and `helm` are those of the cluster; a
# release has its own namespace, of the same name.
# shellcheck shell=bash

kubectl() { "${enter[@]}" kubectl "$@"; }
helm() { "${enter[@]}" helm "$@"; }
say() { echo "$(date +%T) $*"; }
fail() {
  say "FAILED: $*"
  kubectl get pods --all-namespaces -o wide || true
  exit 1
}
# until_true <seconds> <command…>
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 1
  done
}
fullname() { case $1 in *kasbah*) echo "$1" ;; *) echo "$1-kasbah" ;; esac; }
secret() { kubectl -n "$1" create secret generic "${@:2}" >/dev/null; }

# What an operator makes before: a namespace that admits restricted pods alone, and passwords.
prepare() { # <release>
  local release=$1 name service roles role arguments
  name=$(fullname "$release")
  kubectl create namespace "$release" >/dev/null
  kubectl label namespace "$release" pod-security.kubernetes.io/enforce=restricted >/dev/null
  for service in auth vault tenant-data webhook audit; do
    roles=$(sed -n "/^  $service:/,/pools/s/.*pools: {\(.*\)}/\1/p" helm/kasbah/values.yaml | tr ',' '\n' | cut -d: -f2)
    arguments=()
    for role in $roles; do arguments+=("--from-literal=$role=$(openssl rand -hex 32)"); done
    secret "$release" "$name-db-$service" "${arguments[@]}"
  done
  for role in migrator backup; do
    secret "$release" "$name-db-$role" "--from-literal=kasbah_$role=$(openssl rand -hex 32)"
  done
  local host=postgres.$release.svc password
  password=$(openssl rand -hex 24)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=postgres -days 2 \
    -addext "subjectAltName=DNS:$host" -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
  kubectl -n "$release" create secret tls postgres-tls --cert="$work/tls.crt" --key="$work/tls.key" >/dev/null
  kubectl -n "$release" create configmap postgres-ca --from-file=ca.crt="$work/tls.crt" >/dev/null
  secret "$release" postgres-admin --from-literal=password="$password" \
    --from-literal=pgpass="$host:5432:*:postgres:$password"
}

make_seal() { # <release>
  rm -f "$work/vault.seal"
  if [ -x "${KASBAH_BIN:-build/dev/bin}/kasbah-vault" ]; then
    "${KASBAH_BIN:-build/dev/bin}/kasbah-vault" --init-seal "$work/vault.seal" >/dev/null
  else
    docker run --rm -u "$(id -u)" -v "$work:/out" "$registry/kasbah-vault:$tag" --init-seal /out/vault.seal >/dev/null
  fi
  secret "$1" kasbah-vault-seal --from-file="$work/vault.seal"
}

postgres() { # <release>
  sed "s#IMAGE#$registry/kasbah-tools:$tag#" tests/kubernetes/postgres.yaml | kubectl -n "$1" apply -f - >/dev/null
}

# chart install|upgrade <release> [option…]
chart() {
  local verb=$1 release=$2
  # The one pod that asks the API server has to be let through to where it really is.
  helm "$verb" "$release" helm/kasbah --namespace "$release" --values tests/kubernetes/values.yaml "${values[@]}" \
    --set image.registry="$registry",image.tag="$tag",database.host="postgres.$release.svc" \
    --set "certificates.bootstrap.apiServerCidrs={$api_pod/32,$api_service/32}" \
    --set certificates.bootstrap.apiServerPort=6443 --timeout 10m "${@:3}" >"$work/helm.$release" 2>&1 ||
    { cat "$work/helm.$release"; return 1; }
}

# One command of the tools image, in a pod that is nobody.
stranger() { # <release> <command…>
  local release=$1 words
  shift
  words=$(printf '"%s",' "$@")
  kubectl -n "$release" delete pod stranger --ignore-not-found >/dev/null
  kubectl -n "$release" run stranger --restart=Never --image="$registry/kasbah-tools:$tag" --overrides='{"spec":{
    "automountServiceAccountToken":false,
    "securityContext":{"runAsNonRoot":true,"runAsUser":65532,"seccompProfile":{"type":"RuntimeDefault"}},
    "containers":[{"name":"stranger","image":"'"$registry/kasbah-tools:$tag"'","imagePullPolicy":"Never",
      "command":['"${words%,}"'],
      "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}}' >/dev/null
  until_true 60 stranger_ended "$release"
  [ "$(kubectl -n "$release" get pod stranger -o jsonpath='{.status.phase}')" = Succeeded ]
}
# reaches <release> <host>: whether a stranger's TLS handshake begins there; that it has no certificate ends it.
reaches() {
  ! stranger "$1" curl -sk --connect-timeout 3 --max-time 10 -o /dev/null "https://$2:9000" || return 0
  # 7: refused, 28: silence; a name that is not found, 6, would prove nothing.
  case $(kubectl -n "$1" get pod stranger -o jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}') in
    7 | 28) return 1 ;;
    6) fail "a stranger does not find $2" ;;
  esac
}
stranger_ended() {
  kubectl -n "$1" get pod stranger -o jsonpath='{.status.phase}' | grep -qE 'Succeeded|Failed'
}

a_pod() { # <release> <service>
  kubectl -n "$1" get pods -l "app.kubernetes.io/component=$2" -o jsonpath='{.items[0].metadata.name}'
}
restarts() { # <release>: of all its processes together
  kubectl -n "$1" get pods -l 'app.kubernetes.io/name=kasbah,!batch.kubernetes.io/job-name' \
    -o jsonpath='{range .items[*]}{.status.containerStatuses[*].restartCount} {end}' | tr ' ' '\n' | paste -sd+ | bc
}
ready() { # <release>: every Deployment has all its pods
  [ -z "$(kubectl -n "$1" get deployments -l app.kubernetes.io/name=kasbah \
    -o jsonpath='{range .items[*]}{.spec.replicas}={.status.readyReplicas} {end}' | tr ' ' '\n' |
    grep -vE '^([0-9]+)=\1$|^$')" ]
}

# Calls without an end; they are counted and held against none failed when the load ends.
load() { # <release>
  sed "s#IMAGE#$registry/kasbah-tools:$tag#; s#RELEASE#$1#; s#FULLNAME#$(fullname "$1")#; s#TENANT_ID#$tenant#" \
    tests/kubernetes/load.yaml | kubectl -n "$1" apply -f - >/dev/null
  kubectl -n "$1" wait pod/load --for=condition=Ready --timeout=1m >/dev/null ||
    { kubectl -n "$1" logs load; fail 'the load makes no calls'; }
}
no_call_failed() { # <release> <meanwhile>
  kubectl -n "$1" logs load >"$work/load"
  kubectl -n "$1" delete pod load --grace-period=1 >/dev/null
  local calls
  calls=$(grep -cE '^(ok$|failed)' "$work/load" || true)
  say "$2: $calls calls, $(grep -c '^failed' "$work/load" || true) failed"
  [ "$calls" -gt 20 ] || fail 'the load made hardly any calls'
  ! grep '^failed' "$work/load" || fail "calls failed: $2"
}

# issue <identity> <seconds>: $work/tls.crt and tls.key by the chart's own authority, whose is $work/ca.crt.
issue() {
  local identity=$1 seconds=$2
  kubectl -n kasbah get secret kasbah-ca -o jsonpath='{.data.tls\.crt}' | base64 -d >"$work/ca.crt"
  kubectl -n kasbah get secret kasbah-ca -o jsonpath='{.data.tls\.key}' | base64 -d >"$work/ca.key"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/tls.key" 2>/dev/null
  : >"$work/index.txt"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nnew_certs_dir=%s\ndefault_md=sha256\nrand_serial=yes\npolicy=p\nunique_subject=no\n[p]\n[e]\nsubjectAltName=critical,URI:spiffe://kasbah.test/%s\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$work" "$work" "$identity" >"$work/ca.conf"
  openssl req -new -key "$work/tls.key" -subj / -out "$work/request"
  openssl ca -batch -notext -config "$work/ca.conf" -cert "$work/ca.crt" -keyfile "$work/ca.key" -in "$work/request" \
    -extensions e -startdate "$(date -u -d '-5 minutes' +%Y%m%d%H%M%SZ)" \
    -enddate "$(date -u -d "+$seconds seconds" +%Y%m%d%H%M%SZ)" -out "$work/tls.crt" 2>"$work/openssl" ||
    { cat "$work/openssl"; fail 'no certificate could be made'; }
}
tls_secret() { # <namespace> <name> create|replace: what `issue` made
  kubectl -n "$1" create secret tls "$2" --cert="$work/tls.crt" --key="$work/tls.key" --dry-run=client -o json |
    sed "s#\"data\": {#\"data\": {\"ca.crt\": \"$(base64 -w 0 <"$work/ca.crt")\",#" |
    kubectl -n "$1" "$3" -f - >/dev/null
}
certificate() { # <service> <seconds> [identity]: in the service's Secret
  issue "${3:-service/$1}" "$2"
  tls_secret kasbah "kasbah-tls-$1" replace
}
webhook_alone_fails() {
  ! helm test kasbah --namespace kasbah --timeout 1m &&
    kubectl -n kasbah logs kasbah-helm-test | grep -qE '^audit +[^ ]+ +ok ' &&
    ! kubectl -n kasbah logs kasbah-helm-test | grep -qE '^webhook +[^ ]+ +ok '
}
serves() { # <service> <serial>
  kubectl -n kasbah exec load -- sh -c "openssl s_client -connect kasbah-$1:9000 </dev/null 2>/dev/null |
    openssl x509 -noout -serial" | grep -qx "serial=$2"
}
replaced() { # <service> <seconds>: issued, and shown to who connects
  certificate "$1" "$2"
  serial=$(openssl x509 -in "$work/tls.crt" -noout -serial | cut -d= -f2)
  until_true 150 serves "$1" "$serial" || fail "$1 does not serve its new certificate"
}
