# under calls: pods are deleted, an upgrade and a rollback replace them, and no call fails
# shellcheck shell=bash
load kasbah
gone=()
for service in auth vault tenant-data webhook audit; do
  [ "$(kubectl -n kasbah get "deployment/kasbah-$service" -o jsonpath='{.spec.replicas}')" -gt 1 ] || continue
  pod=pod/$(a_pod kasbah "$service")
  kubectl -n kasbah delete "$pod" --wait=false >/dev/null
  gone+=("$pod")
done
kubectl -n kasbah wait --for=delete "${gone[@]}" --timeout=2m >/dev/null
until_true 180 ready kasbah || fail 'deleted pods did not come back'
say 'pods deleted: back'
chart upgrade kasbah --wait --set services.auth.connections.database=9,services.webhook.connections.database=9 ||
  fail 'the upgrade did not become ready'
helm rollback kasbah --namespace kasbah --wait --timeout 10m || fail 'the rollback did not become ready'
no_call_failed kasbah 'pods deleted, an upgrade, a rollback'
