# a pod that is none of ours reaches nothing of it
# shellcheck shell=bash
for service in auth vault tenant-data webhook audit; do
  ! reaches kasbah "kasbah-$service" || fail "a stranger reached $service: the NetworkPolicies are not enforced"
done
kubectl -n kasbah delete pod stranger >/dev/null
