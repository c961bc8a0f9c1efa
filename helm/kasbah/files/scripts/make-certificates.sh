# An authority and certificates for trials, where nothing else issues them: each is made when its Secret
# is missing, and again in its last 30 days. Processes read the new one without a restart.
set -eu
account=${KASBAH_ACCOUNT:-/var/run/secrets/kubernetes.io/serviceaccount}
server=${KASBAH_API_SERVER:-https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT}
secrets=$server/api/v1/namespaces/$KASBAH_NAMESPACE/secrets
tmp=${KASBAH_TMP:-/tmp}
umask 077

# The answer's body in $tmp/answer, its status on standard output. The token is in no argument.
call() { # <method> <url> [body file]
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$account/token")" >"$tmp/curl"
  curl -sS --config "$tmp/curl" --cacert "$account/ca.crt" -o "$tmp/answer" -w '%{http_code}' \
    -X "$1" -H 'Content-Type: application/json' ${3:+--data-binary "@$3"} "$2"
}
encoded() { base64 -w 0 <"$1"; }
field() { sed -n "s/^ *\"$1\": \"\([^\"]*\)\".*/\1/p" "$tmp/answer" | head -1 | base64 -d; }

put() { # <name> <directory with tls.crt, tls.key and ca.crt> <exists: 200 or 404>
  printf '{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"%s"},' \
    "$1" >"$tmp/body"
  printf '"data":{"tls.crt":"%s","tls.key":"%s","ca.crt":"%s"}}' "$(encoded "$2/tls.crt")" \
    "$(encoded "$2/tls.key")" "$(encoded "$2/ca.crt")" >>"$tmp/body"
  if [ "$3" = 200 ]; then status=$(call PUT "$secrets/$1" "$tmp/body"); else status=$(call POST "$secrets" "$tmp/body"); fi
  case $status in 200 | 201) ;; *) cat "$tmp/answer" >&2; exit 1 ;; esac
  echo "$1: issued"
}

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

mkdir -p "$tmp/ca" "$tmp/issued"
there=$(call GET "$secrets/$KASBAH_CA_SECRET?pretty=true")
case $there in
  200)
    field tls.crt >"$tmp/ca/tls.crt"
    field tls.key >"$tmp/ca/tls.key"
    ;;
  404)
    key "$tmp/ca/tls.key"
    openssl req -x509 -key "$tmp/ca/tls.key" -subj "/CN=$KASBAH_TRUST_DOMAIN" -days 3650 \
      -out "$tmp/ca/tls.crt"
    cp "$tmp/ca/tls.crt" "$tmp/ca/ca.crt"
    put "$KASBAH_CA_SECRET" "$tmp/ca" 404
    ;;
  *) cat "$tmp/answer" >&2; exit 1 ;;
esac

for identity in $KASBAH_IDENTITIES; do
  name=$KASBAH_SECRET_PREFIX${identity%%=*}
  there=$(call GET "$secrets/$name?pretty=true")
  if [ "$there" = 200 ] && field tls.crt >"$tmp/old" &&
    openssl x509 -in "$tmp/old" -noout -checkend 2592000 >/dev/null; then
    echo "$name: good for 30 days"
    continue
  fi
  case $there in 200 | 404) ;; *) cat "$tmp/answer" >&2; exit 1 ;; esac
  key "$tmp/issued/tls.key"
  openssl req -new -key "$tmp/issued/tls.key" -subj / -out "$tmp/request"
  # One URI name and no other: a certificate with two is refused.
  printf 'subjectAltName=critical,URI:spiffe://%s/%s\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$KASBAH_TRUST_DOMAIN" "${identity#*=}" >"$tmp/extensions"
  openssl x509 -req -in "$tmp/request" -CA "$tmp/ca/tls.crt" -CAkey "$tmp/ca/tls.key" -days 90 \
    -extfile "$tmp/extensions" -out "$tmp/issued/tls.crt" 2>/dev/null
  cp "$tmp/ca/tls.crt" "$tmp/issued/ca.crt"
  put "$name" "$tmp/issued" "$there"
done
