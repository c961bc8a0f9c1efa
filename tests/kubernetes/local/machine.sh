#!/usr/bin/env bash
# machine.sh DIR: the first process of the cluster's namespaces. It starts the control plane and both nodes,
# says that they are ready in DIR/ready, and ends when one of them does.
set -euo pipefail
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
# What is mounted from here on is nobody else's.
mount --make-rprivate /
mount -t tmpfs tmpfs /run
export KUBECONFIG=$dir/admin.kubeconfig
part() { # <name> <command…>
  local name=$1
  shift
  "$@" >"$dir/log/$name" 2>&1 &
}

# The second node's network, and the cable between the two.
part node-b unshare --net --mount "$here/node.sh" run b "$dir"
second=$!
until [ "$(readlink "/proc/$second/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set lo up
ip link add eth0 type veth peer name eth0 netns "$second"
ip address add 10.213.0.1/24 dev eth0
ip link set eth0 up

part etcd etcd --data-dir "$dir/etcd" --unsafe-no-fsync
part kube-apiserver kasbah-node kube-apiserver \
  --etcd-servers=http://127.0.0.1:2379 --advertise-address=10.213.0.1 --service-cluster-ip-range=10.96.0.0/16 \
  --tls-cert-file="$dir/apiserver.crt" --tls-private-key-file="$dir/apiserver.key" --client-ca-file="$dir/ca.crt" \
  --kubelet-client-certificate="$dir/apiserver-kubelet.crt" --kubelet-client-key="$dir/apiserver-kubelet.key" \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$dir/accounts.pub" \
  --service-account-signing-key-file="$dir/accounts.key" --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --kubelet-preferred-address-types=InternalIP
until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 1; done
part kube-controller-manager kasbah-node kube-controller-manager --kubeconfig="$dir/controller-manager.kubeconfig" \
  --service-account-private-key-file="$dir/accounts.key" --root-ca-file="$dir/ca.crt" \
  --use-service-account-credentials --leader-elect=false
part kube-scheduler kasbah-node kube-scheduler --kubeconfig="$dir/scheduler.kubeconfig" --leader-elect=false
# kube-proxy's user has what it needs; kube-router's controller asks as the administrator.
part node-a unshare --mount "$here/node.sh" run a "$dir"
touch "$dir/plane"

until [ -e "$dir/a/up" ] && [ -e "$dir/b/up" ]; do sleep 0.5; done
install -d -m 2770 -o 65532 -g 65532 "$dir"/volumes/{1..12}
for number in {1..12}; do sed "s#PATH#$dir/volumes/$number#; s#NUMBER#$number#" "$here/volume.yaml"; done |
  kubectl apply -f - >/dev/null
kubectl apply -f "$here/names.yaml" >/dev/null
kubectl wait --for=condition=Ready node/a node/b --timeout=2m
kubectl -n kube-system rollout status deployment/coredns --timeout=2m
touch "$dir/ready"
wait -n
echo 'a part of the cluster ended'
