# a second install, before its PostgreSQL and without its seal: it says what it waits for, then serves, apart
# shellcheck shell=bash
prepare second
# It has no tenant yet.
chart install second --set tests.tenant=,database.migrations.timeout=20s || fail 'the second install was refused'
says_seal() {
  kubectl -n second get events --field-selector reason=FailedMount -o jsonpath='{.items[*].message}' |
    grep -q 'kasbah-vault-seal'
}
until_true 120 says_seal || fail 'nothing names the Secret that is missing'
waits() { kubectl -n second logs deployment/second-kasbah-audit -c wait-for-schema | grep -q 'waiting for the schema'; }
until_true 120 waits || fail 'nothing says that PostgreSQL is absent'
# Long enough for whoever waits with an end to have come to it.
gave_up() {
  kubectl -n second get pods -l app.kubernetes.io/component=audit \
    -o jsonpath='{.items[*].status.initContainerStatuses[0].restartCount}' | grep -q '[1-9]'
}
until_true 120 gave_up || fail 'no pod says that the schema did not come'
make_seal second
postgres second
until_true 400 ready second || fail 'the second install does not become ready by itself'
[ "$(restarts second)" = 0 ] || fail 'processes were restarted while they waited'
helm test second --namespace second --logs --timeout 5m || fail 'the second install does not answer'
! stranger second curl -sk --connect-timeout 3 --max-time 5 -o /dev/null telnet://kasbah-vault.kasbah.svc:9000 ||
  fail 'one install reaches the other'
helm uninstall second --namespace second --wait --timeout 5m >/dev/null || fail 'the second install cannot be removed'
kubectl -n second get pvc second-kasbah-vault-data >/dev/null || fail 'the keys went with the install'
helm test kasbah --namespace kasbah --timeout 5m >/dev/null || fail 'the first install does not answer any more'
