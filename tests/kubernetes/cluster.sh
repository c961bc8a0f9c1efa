#!/usr/bin/env bash
# A cluster of its own (kind, or local_cluster.sh where there is no kind), the images loaded into it, the chart
# installed with --wait; then each file of cases/, in the order of their numbers. The cluster is gone at the end.
#
#   KASBAH_IMAGES=localhost KASBAH_TAG=$(git rev-parse HEAD) make check-kubernetes
#   tests/kubernetes/cluster.sh 10 40       only those two cases
#
# Images are those of images/docker-bake.hcl, or of images/prebuilt.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin:$PATH
if [ -z "${KASBAH_KUBERNETES:-}" ]; then
  echo 'skipped: half an hour with a cluster of its own (make check-kubernetes)'
  exit 77
fi
skip() { echo "skipped: $*"; exit 77; }
for tool in kubectl helm docker openssl; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
docker info >/dev/null 2>&1 || skip 'no Docker engine answers'
registry=${KASBAH_IMAGES:-localhost}
tag=${KASBAH_TAG:-$(git rev-parse HEAD)}
images=()
for process in auth vault tenant-data webhook audit csi-provider witness tools; do
  images+=("$registry/kasbah-$process:$tag")
  docker image inspect "${images[-1]}" >/dev/null 2>&1 ||
    skip "there is no image ${images[-1]} (docker buildx bake --file images/docker-bake.hcl, or images/prebuilt.sh)"
done
work=$(mktemp -d)
here=tests/kubernetes
values=()
# shellcheck source=tests/kubernetes/common.sh
. "$here/common.sh"

started=$SECONDS
if command -v kind >/dev/null; then
  kind=kasbah-test-$$ enter=(command)
  trap 'kind delete cluster --name "$kind" >/dev/null 2>&1; rm -rf "$work"' EXIT
  export KUBECONFIG=$work/kubeconfig
  cat >"$work/kind.yaml" <<'KIND'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
KIND
  kind create cluster --name "$kind" --config "$work/kind.yaml" --wait 5m
  kind load docker-image --name "$kind" "${images[@]}"
else
  trap '"$here/local_cluster.sh" down "$work/cluster" || true; rm -rf "$work"' EXIT
  "$here/local_cluster.sh" up "$work/cluster"
  enter=(nsenter --target "$(cat "$work/cluster/pid")" --net --)
  values=(--values "$here/values-shared.yaml")
  export KUBECONFIG=$work/cluster/admin.kubeconfig
  docker save "${images[@]}" >"$work/images.tar"
  "$here/local_cluster.sh" load "$work/cluster" "$work/images.tar"
  rm "$work/images.tar"
fi
say "a cluster with the images, after $((SECONDS - started)) s:"
kubectl get nodes
api_pod=$(kubectl get endpoints kubernetes -n default -o jsonpath='{.subsets[0].addresses[0].ip}' 2>/dev/null)
api_service=$(kubectl get service kubernetes -n default -o jsonpath='{.spec.clusterIP}')
tenant=

for case in "$here"/cases/*.sh; do
  number=$(basename "$case" | cut -d- -f1)
  # The first installs what all others ask.
  [ $# -eq 0 ] || [ "$number" = 00 ] || [[ " $* " == *" $number "* ]] || continue
  say "$(sed -n '1s/^# //p' "$case")"
  # shellcheck disable=SC1090 # cases/*.sh
  . "$case"
done
say 'everything held'
