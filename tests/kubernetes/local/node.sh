#!/usr/bin/env bash
# node.sh run NAME DIR: a node, a or b: containerd, the kubelet, kube-proxy, and who enforces NetworkPolicies.
# node.sh paths: where they keep what is theirs; each node has its own there, from DIR/NAME.
set -euo pipefail
paths='/var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log/pods /var/log/containers /etc/cni'
if [ "$1" = paths ]; then
  echo "$paths"
  exit
fi
node=$2 dir=$3
mine=$dir/$node
case $node in
  a) address=10.213.0.1 pods=10.214.0.0/24 other=10.213.0.2 others=10.214.1.0/24 ;;
  b) address=10.213.0.2 pods=10.214.1.0/24 other=10.213.0.1 others=10.214.0.0/24 ;;
esac

mount --make-rprivate /
mount -t tmpfs tmpfs /run
for path in $paths; do
  mkdir -p "$mine$path"
  mount --bind "$mine$path" "$path"
done
# The kubelet hands mounts on to containers that ask for them.
mount --make-rshared /
for controller in /sys/fs/cgroup/*/; do
  [ -e "$controller/cgroup.procs" ] || continue
  mkdir -p "$controller/kasbah-$node"
  for file in cpuset.cpus cpuset.mems; do
    [ ! -e "$controller/$file" ] || cat "$controller/$file" >"$controller/kasbah-$node/$file"
  done
done

# b's cable is put in by the machine, once there is a network to put it in.
until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done
ip link set lo up
ip address replace "$address/24" dev eth0
ip link set eth0 up
ip route replace "$others" via "$other"
ip route replace default via "$other"
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1

mkdir -p /etc/cni/net.d
cat >/etc/cni/net.d/10-pods.conflist <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "pods", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
cat >"$mine/containerd.toml" <<TOML
version = 2
[grpc]
  address = "$mine/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:local"
  disable_apparmor = true
  # Where root may not lower what the kernel kills first.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
TOML
cat >"$mine/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $dir/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: /kasbah-$node
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://$mine/containerd.sock
resolvConf: ""
# Disks that are nearly full are this machine's matter.
evictionHard: {memory.available: 100Mi}
imageGCHighThresholdPercent: 100
YAML

containerd --config "$mine/containerd.toml" >"$dir/log/containerd-$node" 2>&1 &
images() { ctr --address "$mine/containerd.sock" --namespace k8s.io images "$@"; }
until images list >/dev/null 2>&1; do sleep 0.2; done
for image in pause node; do images import "$dir/$image.tar"; done
until [ -e "$dir/plane" ]; do sleep 0.2; done
kasbah-node kubelet --config="$mine/kubelet.yaml" --kubeconfig="$dir/kubelet-$node.kubeconfig" \
  --hostname-override="$node" --node-ip="$address" --node-labels="topology.kubernetes.io/zone=zone-$node" \
  >"$dir/log/kubelet-$node" 2>&1 &
kasbah-node kube-proxy --kubeconfig="$dir/proxy.kubeconfig" --hostname-override="$node" \
  --proxy-mode=iptables --cluster-cidr=10.214.0.0/16 \
  --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0 >"$dir/log/kube-proxy-$node" 2>&1 &
until kubectl get "node/$node" >/dev/null 2>&1; do sleep 0.5; done
kasbah-node network-policies --kubeconfig="$dir/admin.kubeconfig" --node="$node" \
  >"$dir/log/network-policies-$node" 2>&1 &
touch "$mine/up"
wait -n
echo "a part of node $node ended"
