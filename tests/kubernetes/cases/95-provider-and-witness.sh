# the Secrets Store provider on every node, and a witness in an install of its own
# shellcheck shell=bash
chart upgrade kasbah --set csiProvider.enabled=true || fail 'the provider was refused'
issue service/csi-provider 86400
tls_secret kasbah-csi kasbah-tls-csi-provider create
on_every_node() {
  kubectl -n kasbah-csi get daemonset kasbah-csi-provider \
    -o jsonpath='{.status.desiredNumberScheduled}={.status.numberReady}' | grep -qE '^([1-9][0-9]*)=\1$'
}
until_true 180 on_every_node || fail 'the provider does not become ready on every node'

kubectl create namespace witness >/dev/null
kubectl label namespace witness pod-security.kubernetes.io/enforce=restricted >/dev/null
grep -v digests: tests/deploy/values/witness.yaml >"$work/witness.yaml"
helm install witness helm/kasbah --namespace witness --values "$work/witness.yaml" "${values[@]}" \
  --set image.registry="$registry",image.tag="$tag",image.pullPolicy=Never,strictMode=false \
  >"$work/helm.witness" 2>&1 || { cat "$work/helm.witness"; fail 'the witness was refused'; }
until_true 180 ready witness || fail 'the witness does not become ready'
kubectl -n witness logs deployment/witness-kasbah-witness -c keygen | grep -q '^witness.example.org/w1+' ||
  fail 'the witness does not show its verifier key'
