# a pod that is none of ours reaches nothing of it
# shellcheck shell=bash
for service in auth vault tenant-data webhook audit; do
  ! stranger kasbah curl -sk --connect-timeout 3 --max-time 5 -o /dev/null "telnet://kasbah-$service:9000" ||
    fail "a stranger reached $service: the NetworkPolicies are not enforced"
  # 7: refused, 28: silence. A name that is not found would prove nothing.
  kubectl -n kasbah get pod stranger -o jsonpath='{.status.containerStatuses[0].state.terminated.exitCode}' |
    grep -qxE '7|28' || fail "a stranger did not get as far as asking $service"
done
kubectl -n kasbah delete pod stranger >/dev/null
