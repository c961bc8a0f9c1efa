# DNS is lost: processes stay up, a new pod waits, and all is well when it is back
# shellcheck shell=bash
before=$(restarts kasbah)
replicas=$(kubectl -n kube-system get deployment coredns -o jsonpath='{.spec.replicas}')
kubectl -n kube-system scale deployment/coredns --replicas=0 >/dev/null
kubectl -n kube-system wait pod -l k8s-app=kube-dns --for=delete --timeout=2m >/dev/null
kubectl -n kasbah delete pod "$(a_pod kasbah auth)" >/dev/null
newest() {
  kubectl -n kasbah get pods -l app.kubernetes.io/component=auth --sort-by=.metadata.creationTimestamp \
    -o jsonpath='{.items[-1:].metadata.name}'
}
says_why() { kubectl -n kasbah logs "$(newest)" -c wait-for-schema | grep -q 'could not translate host name'; }
until_true 90 says_why || fail 'a pod that can resolve nothing does not say so'
[ "$(kubectl -n kasbah get deployment kasbah-auth -o jsonpath='{.status.readyReplicas}')" -ge 1 ] ||
  fail 'without DNS, pods that were ready are not'
kubectl -n kube-system scale deployment/coredns --replicas="$replicas" >/dev/null
until_true 180 ready kasbah || fail 'DNS is back, and pods are not ready'
helm test kasbah --namespace kasbah --timeout 5m >/dev/null || fail 'calls fail though DNS is back'
[ "$(restarts kasbah)" = "$before" ] || fail 'processes were restarted because DNS was away'
