#!/usr/bin/env bash
# certificates.sh DIR: an authority of the cluster's, a certificate for each of its parts, and the file by
# which that part finds the API server (DIR/<part>.kubeconfig).
set -euo pipefail
cd "$1"
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

new_key ca.key
openssl req -x509 -key ca.key -subj /CN=kubernetes -days 2 -out ca.crt
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out accounts.key 2>/dev/null
openssl pkey -in accounts.key -pubout -out accounts.pub

certify() { # <name> <subject> [extension…]
  local name=$1 subject=$2
  shift 2
  new_key "$name.key"
  printf '%s\n' 'extendedKeyUsage=clientAuth,serverAuth' "$@" >"$name.ext"
  openssl req -new -key "$name.key" -subj "$subject" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile "$name.ext" -out "$name.crt" 2>/dev/null
  rm "$name.ext"
}

part() { # <name> <subject>
  certify "$1" "$2"
  cat >"$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: local
clusters:
  - {name: local, cluster: {server: "https://10.213.0.1:6443", certificate-authority: $PWD/ca.crt}}
users:
  - {name: $1, user: {client-certificate: $PWD/$1.crt, client-key: $PWD/$1.key}}
contexts:
  - {name: local, context: {cluster: local, user: $1}}
YAML
}

names=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost
certify apiserver /CN=kube-apiserver "subjectAltName=$names,IP:10.96.0.1,IP:10.213.0.1,IP:127.0.0.1"
certify apiserver-kubelet /O=system:masters/CN=kube-apiserver
part admin /O=system:masters/CN=admin
part controller-manager /CN=system:kube-controller-manager
part scheduler /CN=system:kube-scheduler
part proxy /CN=system:kube-proxy
for node in a b; do part "kubelet-$node" "/O=system:nodes/CN=system:node:$node"; done
