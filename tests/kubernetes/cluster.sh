#!/usr/bin/env bash
# A cluster of its own (kind), the images loaded into it, the chart installed with --wait, helm test; then,
# under calls that must not fail: pods deleted, an upgrade, a rollback. The cluster is deleted at the end.
#
#   KASBAH_IMAGES=localhost KASBAH_TAG=$(git rev-parse HEAD) make check-kubernetes
#
# `make check-kubernetes` runs it, some ten minutes; images are those of images/docker-bake.hcl.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin:$PATH
if [ -z "${KASBAH_KUBERNETES:-}" ]; then
  echo 'skipped: ten minutes with a cluster of its own (make check-kubernetes)'
  exit 77
fi
for tool in kind kubectl helm docker openssl; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
docker info >/dev/null 2>&1 || { echo 'skipped: no Docker engine answers'; exit 77; }
registry=${KASBAH_IMAGES:-localhost}
tag=${KASBAH_TAG:-$(git rev-parse HEAD)}
for process in auth vault tenant-data webhook audit tools; do
  docker image inspect "$registry/kasbah-$process:$tag" >/dev/null 2>&1 ||
    { echo "skipped: there is no image $registry/kasbah-$process:$tag (docker buildx bake --file images/docker-bake.hcl)"; exit 77; }
done
cluster=kasbah-test-$$
work=$(mktemp -d)
export KUBECONFIG=$work/kubeconfig
trap 'kind delete cluster --name "$cluster" >/dev/null 2>&1; rm -rf "$work"' EXIT
fail() {
  echo "$*"
  kubectl -n kasbah get pods -o wide || true
  exit 1
}

cat >"$work/kind.yaml" <<'KIND'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
KIND
kind create cluster --name "$cluster" --config "$work/kind.yaml" --wait 5m
for process in auth vault tenant-data webhook audit tools; do
  kind load docker-image --name "$cluster" "$registry/kasbah-$process:$tag"
done

kubectl create namespace kasbah
kubectl label namespace kasbah pod-security.kubernetes.io/enforce=restricted
kubectl config set-context --current --namespace kasbah
secret() { kubectl create secret generic "$@"; }

# What an operator makes before: a seal, passwords, PostgreSQL and its authority.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=postgres -days 2 \
  -addext subjectAltName=DNS:postgres.kasbah.svc -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
kubectl create secret tls postgres-tls --cert="$work/tls.crt" --key="$work/tls.key"
kubectl create configmap postgres-ca --from-file=ca.crt="$work/tls.crt"
password=$(openssl rand -hex 24)
secret postgres-admin --from-literal=password="$password" \
  --from-literal=pgpass="postgres.kasbah.svc:5432:*:postgres:$password"
docker run --rm -u "$(id -u)" -v "$work:/out" "$registry/kasbah-vault:$tag" --init-seal /out/vault.seal
secret kasbah-vault-seal --from-file="$work/vault.seal"
for service in auth vault tenant-data webhook audit; do
  roles=$(sed -n "/^  $service:/,/pools/s/.*pools: {\(.*\)}/\1/p" helm/kasbah/values.yaml | tr ',' '\n' | cut -d: -f2)
  arguments=()
  for role in $roles; do arguments+=("--from-literal=$role=$(openssl rand -hex 32)"); done
  secret "kasbah-db-$service" "${arguments[@]}"
done
for tool in migrator backup; do secret "kasbah-db-$tool" "--from-literal=kasbah_$tool=$(openssl rand -hex 32)"; done
sed "s#IMAGE#$registry/kasbah-tools:$tag#" tests/kubernetes/postgres.yaml | kubectl apply -f -
kubectl rollout status deployment/postgres --timeout=3m

# The one pod that asks the API server has to be let through to where it really is.
api=$(kubectl get endpoints kubernetes -n default -o jsonpath='{.subsets[0].addresses[0].ip}')
service=$(kubectl get service kubernetes -n default -o jsonpath='{.spec.clusterIP}')
chart() {
  helm "$1" kasbah helm/kasbah --namespace kasbah --values tests/kubernetes/values.yaml \
    --set image.registry="$registry",image.tag="$tag" \
    --set "certificates.bootstrap.apiServerCidrs={$api/32,$service/32},certificates.bootstrap.apiServerPort=6443" \
    --wait --timeout 10m "${@:2}"
}
chart install || fail 'the install did not become ready'
helm test kasbah --namespace kasbah --logs --timeout 5m || fail 'the calls of helm test failed'
kubectl run stranger --restart=Never --image="$registry/kasbah-tools:$tag" --image-pull-policy=Never --command \
  --overrides='{"spec":{"automountServiceAccountToken":false,"securityContext":{"runAsNonRoot":true,"runAsUser":65532,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"stranger","image":"'"$registry/kasbah-tools:$tag"'","imagePullPolicy":"Never","command":["curl","-sk","--max-time","5","https://kasbah-vault:9000/"],"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}}' -- curl
kubectl wait pod/stranger --for=jsonpath='{.status.phase}'=Failed --timeout=1m ||
  fail 'a stranger reached the vault: the NetworkPolicies are not enforced'

# Under load: pods go, versions change, and no call fails.
sed "s#IMAGE#$registry/kasbah-tools:$tag#" tests/kubernetes/load.yaml | kubectl apply -f -
kubectl wait pod/load --for=condition=Ready --timeout=1m
kubectl delete pod -l app.kubernetes.io/component=auth --wait=false
kubectl rollout status deployment/kasbah-auth --timeout=3m
chart upgrade --set services.auth.connections.database=9,services.webhook.connections.database=9 ||
  fail 'the upgrade did not become ready'
helm rollback kasbah --namespace kasbah --wait --timeout 10m || fail 'the rollback did not become ready'
helm test kasbah --namespace kasbah --timeout 5m || fail 'after the rollback, the calls of helm test failed'
kubectl logs load >"$work/load"
grep -q '^calls:' "$work/load" || fail 'the load made no calls'
! grep '^failed' "$work/load" || fail 'calls failed'
tail -1 "$work/load"
