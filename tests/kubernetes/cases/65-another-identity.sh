# a service is given another's certificate: nobody takes it for itself, and a pod that starts with it says why it ends
# shellcheck shell=bash
certificate webhook 86400 service/audit
until_true 240 webhook_alone_fails || fail "webhook is reached with audit's certificate"
kubectl -n kasbah delete pod "$(a_pod kasbah webhook)" --wait=false >/dev/null
says_whose() {
  kubectl -n kasbah logs -l app.kubernetes.io/component=webhook -c webhook --tail=20 --prefix |
    grep -q "service/audit's, and kasbah-webhook is spiffe://kasbah.test/service/webhook"
}
until_true 150 says_whose || fail 'no pod says whose certificate it has'
certificate webhook 86400
until_true 300 helm test kasbah --namespace kasbah --timeout 1m || fail 'its own certificate did not help'
until_true 300 ready kasbah || fail 'webhook does not become ready by itself'
