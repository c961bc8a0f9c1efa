# a pod that is none of ours reaches nothing of it, nor the database through it
# shellcheck shell=bash
for service in auth vault tenant-data webhook audit; do
  ! stranger kasbah curl -sk --connect-timeout 3 --max-time 5 -o /dev/null "telnet://kasbah-$service:9000" ||
    fail "a stranger reached $service: the NetworkPolicies are not enforced"
  [ "$(kubectl -n kasbah get pod stranger -o jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}')" = 28 ] ||
    fail "a stranger was refused by $service otherwise than by silence"
done
kubectl -n kasbah delete pod stranger >/dev/null
