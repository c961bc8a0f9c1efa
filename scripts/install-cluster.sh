#!/usr/bin/env bash
# Builds what tests/kubernetes/local_cluster.sh runs, kasbah-node and kasbah-pause, into
# ${KASBAH_TOOLS:-~/.cache/kasbah-tools}/bin: Kubernetes, CoreDNS and kube-router's NetworkPolicies, from Go
# modules. Ten minutes on two cores the first time, 3 GiB of Go's cache; the rest is Debian's:
#
#   apt-get install containerd runc etcd-server iptables ipset conntrack containernetworking-plugins
set -euo pipefail
cd "$(dirname "$0")/../tests/kubernetes/node"
tools=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin
version=$(cat ./*.go pause/*.go go.mod go.sum | sha256sum | cut -c 1-16)
mkdir -p "$tools"
if [ -x "$tools/kasbah-node" ] && [ "$(cat "$tools/.kasbah-node.version" 2>/dev/null)" = "$version" ]; then
  echo "kasbah-node $version: already there"
  exit
fi
command -v go >/dev/null || { echo 'kasbah-node: skipped, go is not installed'; exit; }
# What has no version refuses to start.
kubernetes=$(sed -n 's#^\tk8s.io/kubernetes \(v[0-9.]*\)$#\1#p' go.mod)
minor=${kubernetes#v1.}
named=k8s.io/component-base/version
export CGO_ENABLED=0 GOFLAGS='-p=2 -buildvcs=false'
nice go build -trimpath -o "$tools/kasbah-node" -ldflags "-s -w -X $named.gitVersion=$kubernetes \
  -X $named.gitMajor=1 -X $named.gitMinor=${minor%%.*} -X $named.gitTreeState=clean \
  -X $named.buildDate=1970-01-01T00:00:00Z" .
nice go build -trimpath -o "$tools/kasbah-pause" -ldflags='-s -w' ./pause
echo "$version" >"$tools/.kasbah-node.version"
echo "kasbah-node $version: installed"
