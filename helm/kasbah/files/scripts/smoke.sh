# Real calls over mutual TLS, as `helm test` makes them: every service answers the operator; then, for
# the tenant of tests.tenant, a secret is written, read, found in the trail, and the trail verified.
set -eu
tmp=${KASBAH_TMP:-/tmp}
operator() { kasbah --context operator "$@"; }
program() { kasbah --context program "$@"; }

operator status
if [ -z "${KASBAH_TENANT:-}" ]; then
  echo 'skipped: a secret written and read needs a tenant; set tests.tenant'
  exit 0
fi

umask 077
operator --tenant "$KASBAH_TENANT" workloads list -o json | grep -q '"name": "helm-test"' ||
  operator --tenant "$KASBAH_TENANT" workloads create helm-test
operator --tenant "$KASBAH_TENANT" api-keys create helm-test --role owner --expires-in-days 1 \
  >"$tmp/api-key" 2>/dev/null

path=helm-test/$(date -u +%Y%m%d%H%M%S)-$$
value=value-$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
printf %s "$value" | program secrets create "$path" --destroy-delay 0s >/dev/null
[ "$(program secrets access "$path")" = "$value" ]
echo "written and read: $path"

# Events arrive within seconds of what they tell.
tries=0
until operator --tenant "$KASBAH_TENANT" audit list --action secret. --since 10m -o json |
  grep -q '"action": "secret.version.access"'; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || { echo 'the read is not in the trail' >&2; exit 1; }
  sleep 1
done
# The log's key is opened by the vault a while after the first start.
tries=0
until operator --tenant "$KASBAH_TENANT" audit checkpoint -o json >"$tmp/checkpoint" 2>"$tmp/error"; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || { cat "$tmp/error" >&2; exit 1; }
  sleep 1
done
sed -n 's/.*"verifier_key": "\([^"]*\)".*/\1/p' "$tmp/checkpoint" >"$tmp/log.key"
operator --tenant "$KASBAH_TENANT" audit export --out "$tmp/trail" 2>/dev/null
kasbah audit verify "$tmp/trail" --key "$tmp/log.key"
program secrets delete "$path" >/dev/null
