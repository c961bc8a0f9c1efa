# an install becomes ready and answers over mutual TLS; a tenant's secret is written, read, and in its trail
# shellcheck shell=bash
prepare kasbah
make_seal kasbah
postgres kasbah
kubectl -n kasbah rollout status deployment/postgres --timeout=3m >/dev/null
began=$SECONDS
chart install kasbah --wait || fail 'the install did not become ready'
say "ready after $((SECONDS - began)) s"
helm test kasbah --namespace kasbah --logs --timeout 5m || fail 'the calls of helm test failed'

# The tenant whose program calls from here on.
sed "s#IMAGE#$registry/kasbah-tools:$tag#" "$here/tenant.yaml" | kubectl -n kasbah apply -f - >/dev/null
kubectl -n kasbah wait pod/tenant --for=jsonpath='{.status.phase}'=Succeeded --timeout=1m >/dev/null ||
  { kubectl -n kasbah logs tenant; fail 'no tenant could be made'; }
tenant=$(kubectl -n kasbah logs tenant | grep -oE 'ten_[0-9a-z]+' | head -1)
values+=(--set "tests.tenant=$tenant")
chart upgrade kasbah --wait || fail 'the upgrade that names a tenant did not become ready'
until_true 120 kubectl -n kasbah get secret kasbah-tls-helm-test || fail 'the program has no certificate'
helm test kasbah --namespace kasbah --logs --timeout 5m || fail 'a secret was not written, read and found in the trail'
