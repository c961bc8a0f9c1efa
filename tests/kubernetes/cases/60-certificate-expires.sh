# a certificate expires during load, having been replaced: no process restarts and no call fails
# shellcheck shell=bash
certificate() { # <service> <seconds>: of the chart's own authority, in its Secret
  local service=$1 seconds=$2
  kubectl -n kasbah get secret kasbah-ca -o jsonpath='{.data.tls\.crt}' | base64 -d >"$work/ca.crt"
  kubectl -n kasbah get secret kasbah-ca -o jsonpath='{.data.tls\.key}' | base64 -d >"$work/ca.key"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/tls.key" 2>/dev/null
  : >"$work/index.txt"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nnew_certs_dir=%s\ndefault_md=sha256\nrand_serial=yes\npolicy=p\nunique_subject=no\n[p]\n[e]\nsubjectAltName=critical,URI:spiffe://kasbah.test/service/%s\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$work" "$work" "$service" >"$work/ca.conf"
  openssl req -new -key "$work/tls.key" -subj / -out "$work/request"
  openssl ca -batch -notext -config "$work/ca.conf" -cert "$work/ca.crt" -keyfile "$work/ca.key" -in "$work/request" \
    -extensions e -startdate "$(date -u -d '-5 minutes' +%Y%m%d%H%M%SZ)" \
    -enddate "$(date -u -d "+$seconds seconds" +%Y%m%d%H%M%SZ)" -out "$work/tls.crt" 2>"$work/openssl" ||
    { cat "$work/openssl"; fail 'no certificate could be made'; }
  kubectl -n kasbah create secret tls "kasbah-tls-$service" --cert="$work/tls.crt" --key="$work/tls.key" \
    --dry-run=client -o json | sed "s#\"data\": {#\"data\": {\"ca.crt\": \"$(base64 -w 0 <"$work/ca.crt")\",#" |
    kubectl -n kasbah replace -f - >/dev/null
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
past() { [ "$(date +%s)" -gt "$1" ]; }

before=$(restarts kasbah)
load kasbah
expires=$(($(date +%s) + 240))
replaced auth 240
replaced auth 86400
until_true 300 past $((expires + 5))
no_call_failed kasbah 'a certificate that expired after its successor was there'

# One that nobody replaces: its service alone is not reached any more, until there is a good one.
certificate webhook 100
webhook_alone_fails() {
  ! helm test kasbah --namespace kasbah --timeout 1m &&
    kubectl -n kasbah logs kasbah-helm-test | grep -qE '^audit +[^ ]+ +ok ' &&
    ! kubectl -n kasbah logs kasbah-helm-test | grep -qE '^webhook +[^ ]+ +ok '
}
until_true 240 webhook_alone_fails || fail 'a certificate that expired was taken'
certificate webhook 86400
until_true 150 helm test kasbah --namespace kasbah --timeout 1m || fail 'a new certificate did not help'
[ "$(restarts kasbah)" = "$before" ] || fail 'a new certificate took a restart'
