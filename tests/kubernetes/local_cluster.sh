#!/usr/bin/env bash
# A Kubernetes cluster of two nodes on this machine, from packages: for where no registry of images is in
# reach. It lives in namespaces of its own (processes, mounts, network), so nothing of it is left on the
# machine when its first process ends.
#
#   local_cluster.sh up DIR             everything of it is in DIR; kubectl's file is DIR/admin.kubeconfig
#   local_cluster.sh enter DIR COMMAND  a command in the network of the first node, where the API server is
#   local_cluster.sh load DIR ARCHIVE   images of `docker save`, into both nodes
#   local_cluster.sh down DIR
#
# Needs root, scripts/install-cluster.sh, and Debian's containerd, runc, etcd-server, iptables, ipset,
# conntrack and containernetworking-plugins. Ends with 77 and says what is absent.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PATH=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin:$PATH
verb=${1:?up, enter, load or down}
dir=$(realpath -m "${2:?the folder of the cluster}")
shift 2

skip() { echo "skipped: $*"; exit 77; }

# The cluster's first process, as this machine counts.
first() { cat "$dir/pid" 2>/dev/null || { echo "no cluster runs in $dir"; return 1; }; }

up() {
  [ "$(id -u)" = 0 ] || skip 'a cluster of this machine needs root'
  for tool in kasbah-node kasbah-pause etcd containerd ctr runc iptables ipset conntrack ip nsenter openssl kubectl; do
    command -v "$tool" >/dev/null || skip "$tool is not installed (scripts/install-cluster.sh)"
  done
  [ -x /usr/lib/cni/bridge ] || skip 'containernetworking-plugins is not installed'
  [ -d /sys/fs/cgroup/memory ] || skip 'this machine has no cgroups of version 1'
  [ ! -e "$dir" ] || { echo "$dir is there already"; exit 1; }
  mkdir -p "$dir/log"
  for path in $("$here/local/node.sh" paths); do mkdir -p "$path"; done
  "$here/local/certificates.sh" "$dir"
  "$here/local/image.sh" localhost/pause:local "$(command -v kasbah-pause)" >"$dir/pause.tar"
  "$here/local/image.sh" localhost/kasbah-node:local "$(command -v kasbah-node)" >"$dir/node.tar"
  setsid unshare --pid --fork --kill-child --mount --mount-proc --net --uts \
    "$here/local/machine.sh" "$dir" >"$dir/log/machine" 2>&1 </dev/null &
  local outer=$!
  until pgrep --parent "$outer" >"$dir/pid" || ! kill -0 "$outer" 2>/dev/null; do sleep 0.1; done
  for _ in $(seq 300); do
    [ ! -e "$dir/ready" ] || return 0
    kill -0 "$outer" 2>/dev/null || break
    sleep 1
  done
  echo 'the cluster did not become ready:'
  tail -n 5 "$dir"/log/*
  down
  exit 1
}

enter() { exec nsenter --target "$(first)" --net -- "$@"; }

load() {
  for node in a b; do
    ctr --address "$dir/$node/containerd.sock" --namespace k8s.io images import "$1" >/dev/null
  done
}

down() {
  local pid
  if pid=$(first) && kill -KILL "$pid" 2>/dev/null; then
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  for group in /sys/fs/cgroup/*/kasbah-{a,b}; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf "$dir"
  for path in $("$here/local/node.sh" paths); do rmdir --ignore-fail-on-non-empty "$path" 2>/dev/null || true; done
}

"$verb" "$@"
